"""How did the lanes stand in the last hour? Samples that Flower's process takes and keeps; a restart begins anew."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workers.bootstrap import service
from workers.loop import Loop
from workers.monitoring.lanes import told

EVERY_S = 5.0
KEPT = 720  # an hour
A_MINUTE = 12

Lane = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Sample:
    """One lane at one moment, in seconds since the epoch."""

    at: float
    waiting: int
    in_flight: int
    oldest_s: float
    spent: tuple[float, ...]


class Samples:
    """What was seen of every lane, the oldest first."""

    def __init__(self) -> None:
        self._of: dict[Lane, deque[Sample]] = {}
        self._loop = Loop("sample-lanes", self._turn)

    def start(self) -> None:
        """Begin to look, in a thread."""
        self._loop.start()

    def of(self, lane: Lane) -> Sequence[Sample]:
        """Those of one lane."""
        return tuple(self._of.get(lane, ()))

    def used(self, lane: Lane) -> list[float]:
        """The share of each of its limits that was used in the last minute, 0 to 1."""
        last = [each.spent for each in self.of(lane)[-A_MINUTE:]]
        same = [spent for spent in last if len(spent) == len(last[-1])]  # the limits may have been changed
        return [sum(column) / len(same) for column in zip(*same, strict=True)]

    def _turn(self) -> None:
        lanes = told(service())
        at = time.time()
        for each in lanes:
            self._add(each, at)
        self._loop.stopping.wait(EVERY_S)

    def _add(self, told_: dict[str, Any], at: float) -> None:
        sample = Sample(
            at, told_["waiting"], told_["in_flight"], told_["oldest_waiting_s"] or 0.0, tuple(told_["spent"])
        )
        self._of.setdefault((told_["provider"], told_["account"]), deque(maxlen=KEPT)).append(sample)


SAMPLES = Samples()
"""Those of this process."""
