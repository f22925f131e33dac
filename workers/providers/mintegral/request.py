"""How does a request reach Mintegral? Signed, signed anew once, and a refusal as the end of the attempt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Literal

from workers.http import Answer, Call
from workers.outcome import AlreadyExists, AttemptEnded, Outcome, Rejected
from workers.providers.answers import Means, Refusal, outcome, unclear
from workers.providers.mintegral.clock import hint
from workers.providers.mintegral.errors import refused
from workers.providers.mintegral.signature import signed

AUDIENCE = "/api/open/v1/audience"  # Create Audience, 2025-07-29; List, Update and Delete use the same address
PRESIGN = f"{AUDIENCE}/presigned-upload-data"  # Upload Audience File

Method = Literal["GET", "POST", "PUT", "DELETE"]


def ask(
    call: Call,
    method: Method,
    path: str = AUDIENCE,
    *,
    changes: bool,
    params: Iterable[tuple[str, str]] = (),
    body: Any = None,
) -> Answer:
    """Send one request and return its answer of code 200; a refusal raises ``AttemptEnded``."""
    answer, refusal = answered(call, method, path, changes=changes, params=params, body=body)
    if refusal is not None:
        raise AttemptEnded(outcome(refusal, answer, changes=changes))
    return answer


def answered(
    call: Call,
    method: Method,
    path: str = AUDIENCE,
    *,
    changes: bool,
    params: Iterable[tuple[str, str]] = (),
    body: Any = None,
) -> tuple[Answer, Refusal | None]:
    """Send one request; its answer, and the refusal in it.

    Refused credentials surely changed nothing, so that the request is sent once more, with the keys read and
    the time taken anew.
    """
    params = list(params)
    sent = [value for _, value in params] + list(_texts(body))
    for _ in range(2):
        answer = call.request(method, path, headers=signed(call), changes=changes, params=params, body=body)
        refusal = refused(answer, sent)
        if refusal is None or refusal.means not in (Means.AUTH, Means.FORBIDDEN):
            return answer, refusal
        said = replace(refusal.said, message=refusal.said.message + hint(answer))
        refusal = replace(refusal, said=said)
    return answer, refusal


def change_refused(refusal: Refusal, answer: Answer) -> Outcome:
    """The outcome of a refused update or delete: nothing can be there already that they would make."""
    ended = outcome(refusal, answer, changes=True)
    return Rejected(ended.said) if isinstance(ended, AlreadyExists) else ended


def not_clear(answer: Answer, message: str, *, changes: bool) -> Outcome:
    """The outcome of code 200 without what the success criterion needs."""
    return outcome(unclear(answer, message), answer, changes=changes)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
