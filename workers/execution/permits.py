"""When may an attempt send its next request? When a permit's moment has come, and only if the lease still holds.

A permit under a limit is good for its moment, not for later: what wakes too late (a busy machine, a stopped
process) asks again, so that requests never bunch up. The worst case is a request ``LATE_S`` after its moment.
The way to the state store is no lateness: it shifts every request of a worker alike. Only workers at different
distances come as much nearer to each other, 0.1 s at most.

A permit may be given some time ahead. Right before its moment it is asked whether it still holds: a 429 that another
request got meanwhile pauses this one, too.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from workers.http import NotYet
from workers.lanes.distance import now_s
from workers.lanes.lanes import Lanes
from workers.lanes.state import LeaseLost, Permitted, Record, Refusal, Refused
from workers.news import PermitAsked, tell
from workers.outcome import AttemptEnded, Expired, Postponed, Said

LATE_S = 0.015
CONFIRM_S = 0.005  # before its moment, a permit that was given ahead is confirmed; one nearer than twice that holds
LEASE_CHECK_S = 5.0  # without a limit only the lease must still hold, which is given for far longer


@dataclass
class Permits:
    """The permits of one lease. Called before each request."""

    lanes: Lanes
    record: Record
    stopping: threading.Event
    asked: int = 0
    sent: int = 0
    changed: bool = field(default=False)
    """Whether a request was let go that may have changed something."""

    def __call__(self, changes: bool) -> None:  # noqa: FBT001 - the face that Call wants
        """Wait for the moment of one request's first byte. Raises ``AttemptEnded``, ``NotYet`` or ``LeaseLost``."""
        began_at = time.monotonic()
        while True:
            if self.stopping.is_set():
                raise AttemptEnded(Postponed(Said("the worker is stopping")))
            answer = self.lanes.permit(self.record, self.asked + 1, changes=changes)
            if isinstance(answer, Refused):
                self._end(answer)
            elif self._in_time(answer):
                self._tell("given", time.monotonic() - began_at)
                self.sent += 1
                self.changed = self.changed or changes
                return
            else:
                self._tell("late", time.monotonic() - began_at)

    def _in_time(self, permitted: Permitted) -> bool:
        self.asked += 1
        way_s = permitted.way_s
        moment = time.monotonic() + permitted.wait_s  # counted from now, so never too early
        if permitted.wait_s > way_s + 2 * CONFIRM_S:
            time.sleep(permitted.wait_s - way_s - CONFIRM_S)
            refused = self.lanes.confirm(self.record)
            if refused is not None:
                self._end(refused)
        if (left_s := moment - time.monotonic()) > 0:  # not even a sleep of nothing: it gives the turn to others
            time.sleep(left_s)
        late_s = now_s() - (permitted.asked_at + way_s + permitted.wait_s)
        return late_s <= (LATE_S if permitted.timed else LEASE_CHECK_S)

    def _tell(self, answer: str, wait_s: float) -> None:
        tell(PermitAsked(self.lanes.provider, self.record.account, answer, wait_s))

    def _end(self, refused: Refused) -> None:
        self._tell(refused.why, refused.wait_s)
        match refused.why:
            case Refusal.LOST:
                raise LeaseLost
            case Refusal.EXPIRED:
                raise AttemptEnded(Expired())
            case Refusal.LIMITED if self.sent and time.time() + refused.wait_s < self.record.ends_at:
                raise NotYet(refused.wait_s)  # it has begun: better to wait than to begin again
            case Refusal.LIMITED | Refusal.PAUSED:
                raise AttemptEnded(Postponed(Said(f"the lane is {refused.why}")))
