"""When does a job go to the pool? When it may run now and a place is free: taken from its lane as a Celery task."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from workers.execution.execute import Executor
from workers.execution.feed import OVERDUE_S, Feed
from workers.lanes.lanes import BATCH, Lanes
from workers.lanes.state import Record, Taken
from workers.news import LeasesRescued, tell

LONGEST_SLEEP_S = 5.0  # a wake-up may have gone to a dispatcher that died with it
# After jobs were handed out, what comes next is gathered, so that a busy worker hands out several at a time: what some
# change makes possible for this long, what time alone does for that long, far less than a job is handed out ahead of
# its permit (lanes.HANDED_AHEAD_S).
GATHER_S = 0.01
GATHER_TIMED_S = 0.02

log = structlog.get_logger()


@dataclass
class Dispatcher:
    """Dispatches the jobs of one provider. One runs in every worker of it; each step is atomic."""

    provider: str
    lanes: Lanes
    executor: Executor
    feed: Feed
    lease_s: float
    _changed: threading.Event = field(default_factory=threading.Event)
    _has_room: threading.Event = field(default_factory=threading.Event)
    _wants_room: bool = False
    """Whether the last look ended where the room did: a place that becomes free may change something then."""
    _woken: bool = False
    """Whether a wake-up came that no look has followed yet."""

    def __post_init__(self) -> None:
        self.feed.watch(self._freed)

    def _freed(self) -> None:
        if self._wants_room:
            self._changed.set()

    def listen(self) -> None:
        """Wait for a wake-up, in a thread beside the turns: these sleep by their own clock, and so to the moment.

        Only with room for a job that the last look left: else the wake-up is for the dispatcher of another worker.
        """
        if self._has_room.wait(LONGEST_SLEEP_S) and self.lanes.wait_for_change(LONGEST_SLEEP_S):
            self._woken = True
            self._changed.set()

    def turn(self) -> float | None:
        """Hand out what may run now, return what was lost, and sleep until something can change."""
        began = time.monotonic()
        self._changed.clear()  # what changes from here on is seen by this look, or ends the sleep
        self._wants_room = True
        self._put_back(self.feed.overdue(self.provider))
        room = min(BATCH, self.feed.free())
        woken, self._woken = self._woken, False
        taken = self.lanes.take(room, self.lease_s, woken=woken)
        self._give(taken)
        self._note_room(is_left=len(taken.jobs) < room)
        if taken.rescue_is_due:
            self._rescue()
        elif not room or len(taken.jobs) < room:  # else there may be more
            self._wants_room = not room
            self._sleep(taken)
        more_will_come = len(taken.jobs) > 1 or len(taken.jobs) == room > 0  # one that came alone waits for no other
        return max(0.0, began + GATHER_S - time.monotonic()) if more_will_come else None

    def _note_room(self, *, is_left: bool) -> None:
        if is_left:
            self._has_room.set()
        else:
            self._has_room.clear()

    def _give(self, taken: Taken) -> None:
        if taken.jobs and not self.feed.give(self.provider, taken.jobs):
            self._put_back(taken.jobs)  # Celery ends, or has lost its broker

    def _put_back(self, records: Sequence[Record]) -> None:
        """They keep their places in their lanes."""
        for record in records:
            self.lanes.put_back(record)

    def _sleep(self, taken: Taken) -> None:
        least_s = GATHER_TIMED_S if taken.jobs else 0.0
        longest_s = OVERDUE_S if self.feed.is_ahead() else LONGEST_SLEEP_S
        next_s = longest_s if taken.next_look_s is None else min(longest_s, taken.next_look_s)
        self._changed.wait(max(least_s, next_s))

    def _rescue(self) -> None:
        handed, running = self.lanes.rescue()
        if handed or running:
            log.warning("leases.rescued", provider=self.provider, never_started=handed, started=running)
            tell(LeasesRescued(self.provider, handed, running))
        self.executor.answer_ended(self.provider)
