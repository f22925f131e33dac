"""How many jobs of a lane were not yet answered at a time?"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from faults.producer import Confirmed
from faults.received import Received, first_answers


class Backlog:
    """Counted from the confirms and the first event of each job."""

    def __init__(self, confirmed: Sequence[Confirmed], answered: Sequence[Received]) -> None:
        self._sent: dict[str, list[float]] = {}
        for each in confirmed:
            self._sent.setdefault(_lane(each.order.event_id), []).append(each.at)
        self._answered: dict[str, list[float]] = {}
        for event_id, at in first_answers(answered).items():
            self._answered.setdefault(_lane(event_id), []).append(at)
        for moments in (*self._sent.values(), *self._answered.values()):
            moments.sort()

    def of(self, lane: str, at: float) -> int:
        """Jobs of ``provider/account`` at a time, in seconds since the epoch."""
        return bisect_right(self._sent.get(lane, []), at) - bisect_right(self._answered.get(lane, []), at)


def _lane(event_id: str) -> str:
    return "/".join(event_id.split("/")[:2])
