"""How far away is the state store? As its latest answers show; one for all threads of a process."""

from __future__ import annotations

import time
from collections import deque

# A machine that was suspended wakes too late as well; where the system has this clock, it counts that time.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
FARTHEST_S = 0.1  # what takes longer is not the way but a stopped process, or a store that was out
LATEST = 8  # calls, of which the quickest shows the way; the others may have waited for something else


def now_s() -> float:
    """What a clock says that never goes back, and goes on while the machine is suspended."""
    return time.clock_gettime(_CLOCK)


class Distance:
    """The time of the way there and back."""

    def __init__(self) -> None:
        self._latest: deque[float] = deque(maxlen=LATEST)

    def after(self, answer_took_s: float) -> float:
        """The distance in seconds, one answer later."""
        self._latest.append(min(answer_took_s, FARTHEST_S))
        return min(self._latest.copy())
