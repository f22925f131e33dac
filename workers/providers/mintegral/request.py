"""How does a request reach Mintegral? Signed, signed anew once, and a refusal as the end of the attempt."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from workers.http import Answer, Call
from workers.outcome import AttemptEnded, Outcome
from workers.providers.answers import Means, outcome, unclear
from workers.providers.mintegral.errors import refused
from workers.providers.mintegral.signature import signed

AUDIENCE = "/api/open/v1/audience"  # Create Audience, 2025-07-29; List uses the same address


def ask(
    call: Call,
    method: Literal["GET", "POST"],
    *,
    changes: bool,
    params: Iterable[tuple[str, str]] = (),
    body: Any = None,
    sent_name: str = "",
) -> Answer:
    """Send one request and return its answer of code 200; a refusal raises ``AttemptEnded``.

    Refused credentials surely changed nothing, so that the request is sent once more, with the keys read and
    the time taken anew.
    """
    parts = {"changes": changes, "params": params, "body": body}
    answer = call.request(method, AUDIENCE, headers=signed(call), **parts)
    refusal = refused(answer, sent_name)
    if refusal is not None and refusal.means in {Means.AUTH, Means.FORBIDDEN}:
        answer = call.request(method, AUDIENCE, headers=signed(call), **parts)
        refusal = refused(answer, sent_name)
    if refusal is not None:
        raise AttemptEnded(outcome(refusal, answer, changes=changes))
    return answer


def not_clear(answer: Answer, message: str, *, changes: bool) -> Outcome:
    """The outcome of code 200 without what the success criterion needs."""
    return outcome(unclear(answer, message), answer, changes=changes)
