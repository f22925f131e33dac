"""When is a job handed to the workers? When it may run now: taken from its lane and sent as a small Celery task."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from workers.execution.execute import Executor
from workers.lanes.lanes import BATCH, Lanes
from workers.lanes.state import Handed
from workers.news import LeasesRescued, tell

LONGEST_SLEEP_S = 5.0  # a wake-up may have gone to a dispatcher that died with it

log = structlog.get_logger()

Send = Callable[[str, Handed], None]
"""Sends the hint for one job of a provider. Raises where the broker is out of reach."""


@dataclass
class Dispatcher:
    """Dispatches the jobs of one provider. One runs in every worker of it; each step is atomic."""

    provider: str
    lanes: Lanes
    executor: Executor
    send: Send
    lease_s: float
    _changed: threading.Event = field(default_factory=threading.Event)

    def listen(self) -> None:
        """Wait for a wake-up, in a thread beside the turns: these sleep by their own clock, and so to the moment."""
        if self.lanes.wait_for_change(LONGEST_SLEEP_S):
            self._changed.set()

    def turn(self) -> None:
        """Hand out what may run now, return what was lost, and sleep until something can change."""
        self._changed.clear()  # what changes from here on is seen by this look, or ends the sleep
        taken = self.lanes.take(BATCH, self.lease_s)
        self._send(taken.jobs)
        if taken.rescue_is_due:
            self._rescue()
        elif len(taken.jobs) < BATCH:  # a full batch may have left some behind
            sleep_s = LONGEST_SLEEP_S if taken.next_look_s is None else min(LONGEST_SLEEP_S, taken.next_look_s)
            self._changed.wait(sleep_s)

    def _send(self, jobs: tuple[Handed, ...]) -> None:
        for position, job in enumerate(jobs):
            try:
                self.send(self.provider, job)
            except Exception:
                for unsent in jobs[position:]:  # the broker is out: they keep their places in their lanes
                    self.lanes.put_back(unsent)
                raise

    def _rescue(self) -> None:
        handed, running = self.lanes.rescue()
        if handed or running:
            log.warning("leases.rescued", provider=self.provider, never_started=handed, started=running)
            tell(LeasesRescued(self.provider, handed, running))
        self.executor.answer_ended(self.provider)
