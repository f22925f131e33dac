"""How do endings reach the state store? Many at a time, by a thread of their own: the pool's threads go on at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

import redis
import structlog

from workers.execution.announce import announce
from workers.execution.settle import Ran
from workers.execution.verdict import Dead, Done
from workers.lanes.lanes import Lanes
from workers.lanes.state import Ending
from workers.standard_error import few_writes

WAIT_S = 1.0
GATHER_S = 0.003  # a lane that is full waits for its next job so much longer, at most
BATCH, BATCH_BYTES = 64, 1 << 20

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """A job whose work is done. It ends once this is settled."""

    ran: Ran
    verdict: Done | Dead
    ending: Ending
    at: float = field(default_factory=time.monotonic)


@dataclass
class Endings:
    """What has ended in this worker of one provider and is not settled yet. For any thread; turns are those of one.

    Through an outage of the state store they are kept for ``patience_s`` each: what is known now would have to be found
    out again. Then they are left to their leases.
    """

    lanes: Lanes
    patience_s: float
    _new: SimpleQueue[Ended] = field(default_factory=SimpleQueue)
    _held: list[Ended] = field(default_factory=list)

    def add(self, ended: Ended) -> None:
        """Have it settled soon."""
        self._new.put(ended)

    def turn(self) -> float | None:
        """Settle what has ended, or wait a second for something. Raises what kept some of it from being settled."""
        self._gather()
        came = len(self._held)
        try:
            self._settle(self._held)
        finally:
            # Only now: however late, a lease that still stands is good for one try.
            self._leave([each for each in self._held if time.monotonic() - each.at > self.patience_s])
        return GATHER_S if 0 < came < BATCH else None

    def close(self) -> None:
        """Settle whatever is left, each in one try."""
        while self._held or not self._new.empty():
            with suppress(redis.ResponseError):
                self.turn()
            self._leave(self._held)

    def _gather(self) -> None:
        """What has come since the last turn, up to a batch: a turn takes as long as some jobs, so there are more."""
        wait_s = 0.0 if self._held else WAIT_S
        while len(self._held) < BATCH and sum(len(each.ending.event) for each in self._held) < BATCH_BYTES:
            try:
                self._held.append(self._new.get(timeout=wait_s))
            except Empty:
                return
            wait_s = 0.0

    def _settle(self, ended: Sequence[Ended]) -> None:
        if not ended:
            return
        try:
            done = self.lanes.finish([each.ending for each in ended])
        except redis.ResponseError:
            for each in ended if len(ended) > 1 else ():  # alone, each shows whether it is the reason
                with suppress(redis.ResponseError):
                    self._settle([each])
            if not set(ended).isdisjoint(self._held):
                raise
        else:
            self._drop(ended)
            _announce(ended, done)

    def _leave(self, late: Sequence[Ended]) -> None:
        self._drop(late)
        for job in (each.ran.job for each in late):
            log.warning(
                "attempt.left", provider=job.provider, account=job.account, job_id=job.id, error="not settled in time"
            )

    def _drop(self, ended: Sequence[Ended]) -> None:
        gone = set(ended)
        self._held = [each for each in self._held if each not in gone]


def settle(lanes: Lanes, ended: Sequence[Ended]) -> None:
    """Settle them, and announce it."""
    _announce(ended, lanes.finish([each.ending for each in ended]))


def _announce(ended: Sequence[Ended], done: Sequence[bool]) -> None:
    with few_writes():
        for each, settled in zip(ended, done, strict=True):
            announce(each.ran, each.verdict, settled=settled)
