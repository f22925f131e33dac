"""What time is it at Mintegral? By the date of its answers."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

from workers.http import Answer

TOLERANCE_S = 300.0  # of the timestamp; unverified: it is what the publishers' API of the same house says


def time_at_mintegral(answer: Answer) -> float | None:
    """Unix seconds; None where the answer has no date."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def hint(answer: Answer) -> str:
    """What to say of refused credentials where our clock may be the reason; empty where it is not."""
    there = time_at_mintegral(answer)
    if there is None or abs(time.time() - there) <= TOLERANCE_S:
        return ""
    return f" (the worker's clock is {time.time() - there:+.0f} s off Mintegral's: set it by NTP)"
