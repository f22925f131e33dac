"""What does one attempt do? Look first if an earlier answer was lost, then send; every end is an outcome."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from workers.config import RetryPolicy
from workers.execution.trouble import Trouble
from workers.http import Call
from workers.outcome import (
    AlreadyExists,
    AttemptEnded,
    Outcome,
    Rejected,
    Said,
    Succeeded,
    Unavailable,
    Unknown,
    Unseen,
)
from workers.providers.provider import Absent, CannotTell, Findable, Found, Operation

CONFIRMED = "the answer was lost; a look-up found that the request had been applied"


@dataclass(frozen=True, slots=True)
class Attempted:
    """How the attempt ended, and what was still unknown when it did."""

    outcome: Outcome
    before: Trouble


def attempt(operation: Operation, payload: Any, call: Call, before: Trouble, policy: RetryPolicy) -> Attempted:
    """Try the job once. Never raises ``AttemptEnded``."""
    try:
        if before.unknown:
            seen = _look_first(cast(Findable, operation), payload, call, before, policy)
            if seen is not None:
                return Attempted(seen, before)
            before = replace(before, unknown=False, looks=0)  # surely absent: as if it had never been sent
            call.may_end_here()
        if before.attempts >= policy.max_attempts:
            return Attempted(_used_up(before), before)
        return Attempted(_send(operation, payload, call, before), before)
    except AttemptEnded as ended:
        return Attempted(ended.outcome, before)


def _look_first(operation: Findable, payload: Any, call: Call, before: Trouble, policy: RetryPolicy) -> Outcome | None:
    """Find out what became of the lost request; None: it is surely absent."""
    since = None if before.unknown_since is None else datetime.fromtimestamp(before.unknown_since, UTC)
    match operation.find(payload, call, since):
        case Found(result, ours, differences):
            return Succeeded(result, (CONFIRMED, *differences) if ours else differences)
        case CannotTell(why):
            return Unknown(Said(why))
        case Absent() if before.looks + 1 < policy.looks:
            return Unseen(Said("a look-up did not find the audience yet"))
        case Absent():
            return None


def _used_up(before: Trouble) -> Outcome:
    last = before.last or Said("the answer was lost")
    return Unavailable(replace(last, message=f"{last.message}; the tries are used up"), tried=False)


def _send(operation: Operation, payload: Any, call: Call, before: Trouble) -> Outcome:
    """Send it; what the provider says exists already is looked up and adopted."""
    try:
        outcome = operation.send(payload, call)
    except AttemptEnded as ended:
        outcome = ended.outcome
    if not isinstance(outcome, AlreadyExists):
        return outcome
    match cast(Findable, operation).find(payload, call, None):
        case Found(result, _, differences):
            ours = before.unknown_since is not None  # we sent it before, and the look-ups came too early
            warnings = (CONFIRMED, *differences) if ours else differences
            return Succeeded({**result, "already_existed": not ours}, warnings)
        case Absent():
            return Rejected(outcome.said)
        case CannotTell(why):
            return Rejected(replace(outcome.said, message=f"{outcome.said.message} ({why})"))
