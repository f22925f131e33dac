"""What time is it at Mintegral? By the date of its answers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from workers.http import Answer

TOLERANCE_S = 300.0  # of the timestamp; unverified: it is what the publishers' API of the same house says


def time_at_mintegral(answer: Answer) -> float | None:
    """Unix seconds; None where the answer has no date."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Sent:
    """When a request left, in Unix seconds of Mintegral's clock; what was made between the two may be its own."""

    not_before_s: float
    """What is older was there before the request."""
    surely_by_s: float
    """What is not older was made after it."""


OURS_APART_S = 60.0  # the state store's clock, which says when a request left, and the worker's; our own bound
WHOLE_SECONDS_S = 2.0  # of the answer's date, and of an audience's times
NO_DATE_APART_S = 60.0  # Mintegral's clock and ours where no date tells; more would adopt older namesakes. Unverified


def sent(since: datetime, answer: Answer, now: float) -> Sent:
    """When that request left which left at ``since`` by our clocks; ``answer`` is a later one, had at ``now``."""
    at, there = since.timestamp(), time_at_mintegral(answer)
    if there is None or abs(there - now) > TOLERANCE_S:  # a proxy's date, perhaps: no request would be taken so late
        return Sent(at - TOLERANCE_S, at - NO_DATE_APART_S)
    at += there - now  # an answer takes its time, so that this is rather too early
    return Sent(at - OURS_APART_S, at - WHOLE_SECONDS_S)


def hint(answer: Answer) -> str:
    """What to say of refused credentials where our clock may be the reason; empty where it is not."""
    there = time_at_mintegral(answer)
    if there is None or abs(time.time() - there) <= TOLERANCE_S:
        return ""
    return f" (the worker's clock is {time.time() - there:+.0f} s off Mintegral's: set it by NTP)"
