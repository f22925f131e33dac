"""What the exchange of requests has to know of a provider, whatever the operation is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.answers import Answer
from sandbox.calls import Call
from sandbox.state import Sandbox

Operation = Callable[[Call, Sandbox], Answer]


@dataclass(frozen=True, slots=True)
class Provider:
    """`throttled` None: whatever the limit is, it does not count here."""

    name: str
    account: Callable[[Call, Sandbox], str]  # name of the credential, "" when it is not a known one
    subject: Callable[[Call], str]  # the name of what the request is about
    throttled: Callable[[Sandbox], Answer] | None
    too_large: Answer  # to a body above the limit of its path
    broken: Answer  # when the sandbox itself has a bug
    disguised: Callable[[Any], Any] = lambda value: value  # the same JSON in its other documented types
