"""What do arrivals amount to? Rates, full windows and percentiles, of moments in seconds."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import ceil

TOLERANCE_S = 0.02
"""At a window's edge, as the wire contract has it."""


def rate(moments: Sequence[float]) -> float:
    """Requests per second of an even flow: from the first moment to the last. They are in order, two at least."""
    return (len(moments) - 1) / (moments[-1] - moments[0])


def fullest(moments: Sequence[float], window_s: float) -> int:
    """The largest number of moments in any window of this length. They are in order."""
    return max((bisect_left(moments, start + window_s) - begin for begin, start in enumerate(moments)), default=0)


def closest(moments: Sequence[float], count: int) -> float:
    """The shortest time in which so many moments and one more lie, seconds. They are in order, and more than that."""
    return min(later - earlier for earlier, later in zip(moments, moments[count:], strict=False))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not below so large a share of them all (nearest rank)."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]
