"""How do endings reach the state store? Many at a time, by a thread of their own: the pool's threads go on at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue

import redis
import structlog

from workers.execution.announce import announce
from workers.execution.settle import Ran, ending
from workers.execution.verdict import Dead, Done
from workers.lanes.lanes import Lanes
from workers.lanes.state import Ending, Finished
from workers.outcome import Broken, Said
from workers.settings import Settings
from workers.standard_error import few_writes

WAIT_S = 1.0
GATHER_S = 0.01  # not after an ending that made room where there was none: the next one may be awaited, too
BATCH, BATCH_BYTES = 64, 1 << 20

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """A job whose work is done, since ``at`` on the process's clock. It ends once this is settled."""

    ran: Ran
    verdict: Done | Dead
    ending: Ending
    at: float


@dataclass
class Endings:
    """What has ended in this worker of one provider and is not settled yet. For any thread; turns are those of one.

    Through an outage of the state store they are kept as long as a request may take, each: what is known now would have
    to be found out again. Then they are left to their leases.
    """

    lanes: Lanes
    settings: Settings
    _new: SimpleQueue[tuple[Ran, Done | Dead, float]] = field(default_factory=SimpleQueue)
    _held: list[Ended] = field(default_factory=list)
    _has_freed: bool = False
    """Whether this turn has made room in a lane, or provider, that was full."""

    def add(self, ran: Ran, verdict: Done | Dead) -> None:
        """Have it settled soon."""
        self._new.put((ran, verdict, time.monotonic()))

    def turn(self) -> float | None:
        """Settle what has ended, or wait a second for something. Raises what kept some of it from being settled."""
        self._gather()
        came, self._has_freed = len(self._held), False
        try:
            self._settle(self._held)
        finally:
            # Only now: however late, a lease that still stands is good for one try.
            self._leave([each for each in self._held if time.monotonic() - each.at > self.settings.request_timeout_s])
        return GATHER_S if 0 < came < BATCH and not self._has_freed else None

    def close(self) -> None:
        """Settle whatever is left, each in one try."""
        while self._held or not self._new.empty():
            with suppress(redis.ResponseError):
                self.turn()
            self._leave(self._held)

    def _gather(self) -> None:
        """What has come since the last turn, up to a batch: a turn takes as long as some jobs, so there are more."""
        wait_s = 0.0 if self._held else WAIT_S
        held_bytes = sum(len(each.ending.event) for each in self._held)
        while len(self._held) < BATCH and held_bytes < BATCH_BYTES:
            try:
                ran, verdict, at = self._new.get(timeout=wait_s)
            except Empty:
                return
            self._held.append(_ended(ran, verdict, self.settings, at))
            held_bytes += len(self._held[-1].ending.event)
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
            self._has_freed = self._has_freed or Finished.FREED in done
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


def settle(lanes: Lanes, settings: Settings, ran: Ran, verdict: Done | Dead) -> None:
    """Settle one at once, and announce it."""
    ended = _ended(ran, verdict, settings, time.monotonic())
    _announce([ended], lanes.finish([ended.ending]))


def _ended(ran: Ran, verdict: Done | Dead, settings: Settings, at: float) -> Ended:
    try:
        return Ended(ran, *ending(ran, verdict, settings), at)
    except Exception as error:  # a bug of an adapter's: no event can carry what it said
        record, said = ran.record, Said(f"this service failed on the result ({type(error).__name__})")
        log.exception("attempt.failed", provider=ran.job.provider, account=record.account, job_id=record.id)
        broken = replace(ran, attempted=replace(ran.attempted, outcome=Broken(said)), exchanges=())
        return Ended(broken, *ending(broken, Dead("internal", said, spent=True), settings), at)


def _announce(ended: Sequence[Ended], done: Sequence[Finished]) -> None:
    with few_writes():
        for each, settled in zip(ended, done, strict=True):
            announce(each.ran, each.verdict, settled=settled is not Finished.LOST)
