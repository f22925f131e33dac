"""How does a request reach Northwind? With the account's key, and a refusal as the end of the attempt."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from audience_northwind.errors import refused
from workers.http import Answer, Call
from workers.outcome import AttemptEnded
from workers.providers.answers import outcome, unclear
from workers.providers.credentials import read_secret

SEGMENTS = "/segments"


def ask(
    call: Call,
    method: Literal["GET", "POST"],
    path: str,
    *,
    changes: bool,
    params: Iterable[tuple[str, str]] = (),
    body: Any = None,
) -> Answer:
    """Send one request and return its answer of success; a refusal raises ``AttemptEnded``."""
    key = read_secret(call, call.account.api_key, "api_key")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    answer = call.request(method, path, changes=changes, headers=lambda: headers, params=params, body=body)
    if (refusal := refused(answer)) is not None:
        raise AttemptEnded(outcome(refusal, answer, changes=changes))
    return answer


def not_clear(answer: Answer, message: str, *, changes: bool) -> AttemptEnded:
    """To be raised for a status of success without what the success criterion needs."""
    return AttemptEnded(outcome(unclear(answer, message), answer, changes=changes))
