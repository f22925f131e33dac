"""Whether this account may send one more request now.

A sliding window, the strictest reading of "5/s": no window of one period holds more than N admitted requests.
A request that is turned away does not count.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import StrEnum

from sandbox.refusals import UnusableError

_MAX_DIGITS = 9
PERIODS_S = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": 86400.0}
EVERYONE = "*"


class RetryAfter(StrEnum):
    """How an answer says when to come back."""

    SECONDS = "seconds"
    HTTP_DATE = "http-date"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Rate:
    requests: int
    period_s: float


def parse_rate(text: str) -> Rate:
    """`"5/s"` -> 5 requests in any second. Periods: s, min, h, day."""
    count, _, period = text.strip().partition("/")
    known = count.isascii() and count.isdecimal() and len(count) <= _MAX_DIGITS and period in PERIODS_S
    if not known or int(count) < 1:
        raise UnusableError(f"{text.strip()!r} is not a rate; write it like 5/s, 100/min, 1000/h or 10000/day")
    return Rate(int(count), PERIODS_S[period])


def parse_rates(text: str) -> dict[str, tuple[Rate, ...]]:
    """`"5/s, pubmatic/acme=2/s"` -> who -> rates; a rate without a name is of everyone who has none.

    Several rates of one name all hold.
    """
    rates: dict[str, tuple[Rate, ...]] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        who, named, rate = part.rpartition("=")
        who = who.strip() if named else EVERYONE
        rates[who] = (*rates.get(who, ()), parse_rate(rate))
    return rates


@dataclass(slots=True)
class Admissions:
    """When each account's admitted requests arrived, as far back as its longest period."""

    arrivals: dict[tuple[str, Rate], deque[float]] = field(default_factory=dict)

    def admit(self, who: str, rates: Mapping[str, tuple[Rate, ...]], now: float, tolerance_s: float) -> float:
        """0.0 when the request is let through (and counted), else the seconds until one would be."""
        own = rates.get(who) or rates.get(EVERYONE, ())
        windows = [(rate, self.arrivals.setdefault((who, rate), deque())) for rate in own]
        wait_s = 0.0
        for rate, arrivals in windows:
            while arrivals and arrivals[0] <= now - rate.period_s + tolerance_s:
                arrivals.popleft()
            if len(arrivals) >= rate.requests:
                wait_s = max(wait_s, arrivals[0] + rate.period_s - now)
        if wait_s > 0:
            return wait_s
        for _, arrivals in windows:
            arrivals.append(now)
        return 0.0


def retry_after(form: RetryAfter, wait_s: float, now: float) -> dict[str, str]:
    """The header that says when to come back, rounded up to whole seconds: obeying it never comes too early."""
    match form:
        case RetryAfter.SECONDS:
            return {"Retry-After": str(max(0, math.ceil(wait_s)))}
        case RetryAfter.HTTP_DATE:
            at = datetime.fromtimestamp(math.ceil(now + wait_s), UTC)
            return {"Retry-After": format_datetime(at, usegmt=True)}
        case RetryAfter.NONE:
            return {}
