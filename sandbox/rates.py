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

from sandbox.refusals import UnusableError

PERIODS_S = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": 86400.0}
EVERYONE = "*"


@dataclass(frozen=True, slots=True)
class Rate:
    requests: int
    period_s: float


def parse_rate(text: str) -> Rate:
    """`"5/s"` -> 5 requests in any second. Periods: s, min, h, day."""
    count, _, period = text.strip().partition("/")
    if not count.isdecimal() or int(count) < 1 or period not in PERIODS_S:
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


def retry_after_seconds(wait_s: float) -> str:
    return str(max(1, math.ceil(wait_s)))


def retry_after_date(wait_s: float, now: float) -> str:
    """An HTTP-date has whole seconds, so it is rounded up: obeying it never comes too early."""
    return format_datetime(datetime.fromtimestamp(math.ceil(now + wait_s), UTC), usegmt=True)
