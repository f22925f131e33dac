"""Is it too early to change an audience again? Held against the audience's own time of change.

Mintegral refuses an update within 12 hours of the creation or the last change (Update Audience, 2025-07-17). Code and
text of that refusal are unknown, so that words are neither trusted alone nor needed. Such a job waits for its time.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from workers.http import Answer, Call
from workers.outcome import AttemptEnded, Deferred, Outcome, Rejected, Said, Unavailable
from workers.providers.answers import Means, Refusal
from workers.providers.mintegral.clock import time_at_mintegral
from workers.providers.mintegral.errors import EARLY, EXPLAINED, NOT_EARLY
from workers.providers.mintegral.pages import ask_for, one_of, page_of
from workers.providers.mintegral.request import change_refused

LOCK = timedelta(hours=12)
MARGIN = timedelta(minutes=1)  # how exactly Mintegral counts is not documented
JUST_NOW = timedelta(minutes=2)  # over a request's 30 s, and the look's
UNSEEN_WAIT = timedelta(hours=1)  # where the time of change is not to be had; our own choice

_LATEST = 10**11  # Unix seconds of the year 5138; a larger number is in other units


@dataclass(frozen=True, slots=True)
class Seen:
    """An audience's row in the list, None if it is not there, and the answer that held it."""

    row: Mapping[str, Any] | None
    answer: Answer

    @property
    def at(self) -> float:
        """Mintegral's time then, which wrote the time of change, in Unix seconds; ours where it says none."""
        there = time_at_mintegral(self.answer)
        return time.time() if there is None else there

    @property
    def changed_at(self) -> int | None:
        """When it was last changed, in Unix seconds; None where that is not said."""
        times = [(self.row or {}).get(name) for name in ("utime", "ctime")]
        return max((each for each in times if isinstance(each, int) and 0 < each < _LATEST), default=None)

    @property
    def just_changed(self) -> bool:
        """Whether the last change may be that of a request right before."""
        return self.changed_at is not None and self.changed_at > self.at - JUST_NOW.total_seconds()

    @property
    def wait_s(self) -> float | None:
        """How long it cannot be changed yet, 0 if it can; None where that is not to be had."""
        if self.changed_at is None:
            return None
        longest = (LOCK + MARGIN).total_seconds()
        return min(max(0.0, self.changed_at + longest - self.at), longest)


def see(call: Call, ta_id: int) -> Seen:
    """Look at one audience. Raises ``AttemptEnded``."""
    answer = ask_for(call, [("ta_ids", str(ta_id))], 1)
    return Seen(one_of([ta_id], page_of(answer, 1).audiences).get(ta_id), answer)


def check_before_upload(call: Call, ta_id: int) -> None:
    """Raise ``AttemptEnded`` where an update is in vain, before gigabytes are uploaded for it."""
    seen = see(call, ta_id)
    if seen.row is None:
        raise AttemptEnded(Rejected(Said(f"Mintegral lists no audience {ta_id} of this account")))
    if seen.wait_s:
        said = Said("the audience was created or changed less than 12 hours ago; Mintegral takes no update so soon")
        raise AttemptEnded(Deferred(said, seen.wait_s))


def refused_update(call: Call, ta_id: int, refusal: Refusal, answer: Answer) -> Outcome:
    """The outcome of a refused update: ``Deferred`` where the audience is that young, and nothing else explains it.

    Raises ``AttemptEnded`` where the audience had to be looked at, and could not.
    """
    as_always = change_refused(refusal, answer)
    said_so = _speaks_of_time(refusal, answer)
    if not said_so and not _is_unexplained(refusal):
        return as_always
    try:
        seen = see(call, ta_id)
    except AttemptEnded as ended:
        if not said_so or not isinstance(ended.outcome, Unavailable):
            raise
        return Deferred(refusal.said, UNSEEN_WAIT.total_seconds())
    if seen.wait_s is None:
        return Deferred(refusal.said, UNSEEN_WAIT.total_seconds()) if said_so else as_always
    if seen.wait_s == 0 or (refusal.means is Means.FAILED and seen.just_changed):
        return as_always
    return Deferred(refusal.said, seen.wait_s)


def _speaks_of_time(refusal: Refusal, answer: Answer) -> bool:
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:  # of the account, not of a job
        return False
    text = refusal.said.message
    return EARLY.search(text) is not None and NOT_EARLY.search(text) is None


def _is_unexplained(refusal: Refusal) -> bool:
    text = refusal.said.message
    return refusal.row == "code *" and NOT_EARLY.search(text) is None and EXPLAINED.search(text) is None
