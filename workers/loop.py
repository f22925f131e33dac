"""How does a background thread live through an outage? It waits with backoff, and goes on.

All of a process say once between them what they wait for, and once that it is over.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

import amqp
import redis
import structlog
from kombu.exceptions import KombuError

from workers import hindrance
from workers.hindrance import HINDRANCES, Over

OUTAGES = (redis.RedisError, KombuError, amqp.AMQPError, OSError)
"""The broker or the state store is out of reach, full or starting."""

_FIRST_WAIT_S = 0.1
_LONGEST_WAIT_S = 5.0

log = structlog.get_logger()


class Loop(threading.Thread):
    """A thread that takes turns until it is stopped. A turn may block for a second or so, and may raise.

    It may return for how many seconds what comes next is to be gathered: a turn for several things costs hardly more
    than one for each. What comes after a pause waits for nothing.
    """

    def __init__(
        self, name: str, turn: Callable[[], float | None], ending: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.stopping = threading.Event()
        self.turned_at = time.monotonic()
        """When its last turn ended, well or not; before the first, when it was made."""
        self.is_failing = False
        """Whether that turn failed."""
        self._turn = turn
        self._ending = ending

    def run(self) -> None:
        failures = 0
        while not self.stopping.is_set():
            try:
                gather_s = self._turn()
            except OUTAGES as error:
                if not self.stopping.is_set() and self._waits(hindrance.of(error)):  # one that is to end waits no more
                    log.warning("loop.waiting", loop=self.name, error=f"{type(error).__name__}: {error}")
            except Exception:  # a bug must not end the thread: what it did not finish is still in Redis or the broker
                if self._waits(f"a fault in {self.name}"):
                    log.exception("loop.failed", loop=self.name)
            else:
                if failures:
                    _tell(HINDRANCES.goes_on(self.name))
                failures = 0
                self._note(is_failing=False)
                if gather_s:
                    self.stopping.wait(gather_s)
                continue
            failures += 1
            self._note(is_failing=True)
            self.stopping.wait(min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(failures, 10)))
        HINDRANCES.goes_on(self.name)
        with contextlib.suppress(*OUTAGES):
            self._ending()

    def _waits(self, what: str) -> bool:
        """Whether this is the first loop of the process that waits for it."""
        is_first, over = HINDRANCES.waits(self.name, what)
        _tell(over)
        return is_first

    def _note(self, *, is_failing: bool) -> None:
        self.turned_at, self.is_failing = time.monotonic(), is_failing

    def stop(self) -> None:
        """Ask the thread to end after its turn."""
        self.stopping.set()


def _tell(over: list[Over]) -> None:
    for each in over:
        log.info("loop.recovered", loops=each.loops, lasted_s=each.lasted_s)
