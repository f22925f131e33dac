"""What follows from an outcome? A pure function of the outcome, the job so far, the policy and the dice.

The life of a job that meets trouble, as an operator lives it: a job that surely was not applied is tried again
after a random wait whose ceiling doubles (full jitter), until its tries are used up. A lost answer of a create is
looked up first: after ``look_after_s``, then twice that, and so on; only after ``looks`` misses in a row counts
the audience as absent and is sent again. A throttled job waits with its whole lane and spends nothing. Whatever
waits dies with its age.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import assert_never

from schemas.event import ErrorCategory
from workers.config import RetryPolicy
from workers.execution.trouble import Trouble
from workers.lanes.state import Again, Health
from workers.outcome import (
    AlreadyExists,
    AuthFailed,
    Broken,
    Deferred,
    Expired,
    Outcome,
    Postponed,
    Rejected,
    Said,
    Succeeded,
    Throttled,
    Unavailable,
    Unknown,
    Unseen,
    Unusable,
)


@dataclass(frozen=True, slots=True)
class Done:
    """The job ends as ``succeeded``."""

    outcome: Succeeded


@dataclass(frozen=True, slots=True)
class Dead:
    """The job ends as ``failed``, and becomes a dead letter."""

    category: ErrorCategory
    said: Said
    spent: bool

    @property
    def replayable(self) -> bool:
        """Whether an operator can hope to replay it as it is: what has expired would only expire again."""
        return self.category != "expired"


Verdict = Done | Dead | Again


def word(verdict: Verdict) -> str:
    """As logs and metrics name it: ``succeeded``, ``again``, or the category of the failure."""
    match verdict:
        case Done():
            return "succeeded"
        case Dead(category):
            return category
        case Again():
            return "again"
        case _:
            assert_never(verdict)


def decide(  # noqa: C901, PLR0911, PLR0912 - one arm for each outcome
    outcome: Outcome, before: Trouble, policy: RetryPolicy, dice: float
) -> Verdict:
    """The verdict. ``dice`` is a random number from 0 up to, not including, 1."""
    match outcome:
        case Succeeded():
            return Done(outcome)
        case Throttled(said, after_s):
            pause_s = backoff_s(before.throttles, policy, 1.0) if after_s is None else after_s
            return replace(
                _keep_place(before),
                throttles=before.throttles + 1,
                pause_s=pause_s,
                pause_reason=said.message,
                adapt=after_s is None,
            )
        case Postponed():
            return _keep_place(before)
        case Deferred(after_s=after_s):
            return replace(_keep_place(before), after_s=after_s)
        case Unseen():
            return Again(
                look_wait_s(before.looks + 1, policy),
                spent=False,
                look=True,
                looks=before.looks + 1,
                unknown_since=before.unknown_since,
            )
        case Unknown(said, after_s):
            if before.unknown:  # the look-up itself cannot tell, and would not later
                return Dead("outcome_unknown", said, spent=True)
            again = Again(look_wait_s(0, policy), spent=True, look=True, unknown_now=True)
            return again if after_s is None else replace(again, pause_s=after_s, pause_reason=said.message)
        case Unavailable(said, tried=tried):
            if before.attempts + 1 >= policy.max_attempts:
                return Dead("outcome_unknown" if before.unknown else "unavailable", said, spent=tried)
            return Again(
                backoff_s(before.attempts, policy, dice),
                spent=True,
                look=before.unknown,
                looks=before.looks,
                unknown_since=before.unknown_since,
            )
        case AuthFailed() if before.probe:
            return _keep_place(before)  # the breaker stays open: this job need not die of what all of them wait for
        case AuthFailed(said):
            return _dead("auth", said, before)
        case Rejected(said) | AlreadyExists(said):
            return _dead("rejected_by_provider", said, before)
        case Unusable(said):
            return _dead("invalid_job", said, before)
        case Expired(said):
            return _dead("expired", said, before, spent=False)
        case Broken(said):
            return _dead("internal", said, before)
        case _:
            assert_never(outcome)


def too_old(*, expired: bool, before: Trouble) -> Dead:
    """The verdict on a job whose time ended while it waited: its own (``expired``), or that of any job."""
    if before.unknown:
        return Dead(
            "outcome_unknown",
            Said("the job's time ended before its lost answer could be found out"),
            spent=False,
        )
    if expired:
        return Dead("expired", Expired().said, spent=False)
    return Dead("throttled", Said("the job waited for longer than its maximum age"), spent=False)


def poisoned(before: Trouble) -> Dead:
    """The verdict on a job that lost its worker again and again."""
    said = Said("the workers that worked on the job were lost, time after time; it may be the reason")
    return _dead("internal", said, before, spent=False)


def health_of(outcome: Outcome) -> Health:
    """What the outcome says to the lane's breaker: whether the account's way to the provider is good.

    A lost answer says nothing: the look-up that follows it does.
    """
    match outcome:
        case Succeeded() | AlreadyExists() | Rejected():
            return Health.GOOD
        case Unavailable(at_provider=True, tried=True) | AuthFailed():
            return Health.BAD
        case _:
            return Health.UNTOLD


def cancelled(before: Trouble) -> Dead:
    """The verdict on a job that an operator cancelled before it was sent."""
    return _dead("cancelled", Said("an operator cancelled the job"), before, spent=False)


def backoff_s(attempts: int, policy: RetryPolicy, dice: float) -> float:
    """A random wait below a ceiling that doubles with each attempt before, up to the cap."""
    doublings = min(attempts, math.ceil(math.log2(policy.backoff_cap_s / policy.backoff_base_s + 1)))
    return dice * min(policy.backoff_cap_s, policy.backoff_base_s * 2.0**doublings)


def look_wait_s(looks: int, policy: RetryPolicy) -> float:
    """The wait before the next look-up, after ``looks`` of them missed."""
    return min(policy.backoff_cap_s, policy.look_after_s * 2.0 ** min(looks, 30))


def _keep_place(before: Trouble) -> Again:
    """Back to the lane with nothing spent and nothing forgotten; the lane itself says when it may run."""
    return Again(
        None,
        spent=False,
        look=before.unknown,
        looks=before.looks,
        unknown_since=before.unknown_since,
        throttles=before.throttles,
    )


def _dead(category: ErrorCategory, said: Said, before: Trouble, *, spent: bool = True) -> Dead:
    """Dead, truthfully: while an earlier create's outcome is unknown, that leads over any other reason."""
    return Dead("outcome_unknown" if before.unknown else category, said, spent=spent)
