"""What does an attempt write into its job's state? What its later attempts need, and how far it has come."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from workers.lanes.lanes import Lanes
from workers.lanes.state import LeaseLost, Noted, Record
from workers.loop import OUTAGES
from workers.outcome import AttemptEnded, Postponed, Said

EVERY_S = 5.0  # far below a running lease, which each line renews


@dataclass
class Notes:
    """The notes of one attempt. Work that takes long between two requests calls ``progress`` all along."""

    lanes: Lanes
    record: Record
    stopping: threading.Event
    known: dict[str, Any] = field(init=False)
    _said: str = field(default="", init=False)
    _at: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.known = dict(self.record.notes)

    def keep(self, name: str, value: Any) -> None:
        """Write a JSON value down for the job's later attempts. Raises as ``progress`` does."""
        self.known[name] = value
        self._write({name: value})

    def progress(self, said: str) -> None:
        """Say how far the job has come, and renew its lease. Cheap: most calls write nothing.

        Raises ``LeaseLost`` or ``AttemptEnded`` where the work should end here.
        """
        self._said = said
        if self.stopping.is_set():
            raise AttemptEnded(Postponed(Said("the worker is stopping")))
        if time.monotonic() - self._at >= EVERY_S:
            self._write({})

    def _write(self, new: dict[str, Any]) -> None:
        self._at = time.monotonic()
        try:
            noted = self.lanes.note(self.record, new, self._said)
        except OUTAGES:
            return  # the lease is checked again with the next permit
        if noted is Noted.LOST:
            raise LeaseLost
        if noted is Noted.ENDED:
            raise AttemptEnded(Postponed(Said("the job's time is over")))
