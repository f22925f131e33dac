"""What keeps the threads of a process waiting? One hindrance, told once when it begins and once when it is over.

A server that is out stops many threads at once, each with an error of its own wording. They wait for the same.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import amqp
import redis
from kombu.exceptions import KombuError, OperationalError

_NO_REDIS = (redis.ConnectionError, redis.TimeoutError)
_NO_BROKER = (OSError, amqp.ConnectionError, OperationalError)


def of(error: Exception) -> str:
    """Which hindrance an outage's error tells of: a server that is out, or what a server that is there said."""
    said = error.__cause__ if isinstance(error, KombuError) and error.__cause__ is not None else error
    if isinstance(said, _NO_REDIS):
        return "a Redis is out of reach"
    return "the broker is out of reach" if isinstance(said, _NO_BROKER) else f"{type(said).__name__}: {said}"


@dataclass(slots=True)
class _Hindrance:
    began_at: float
    waiting: set[str] = field(default_factory=set)
    waited: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Over:
    """A hindrance that nobody waits for any more: who did, and for how long."""

    loops: list[str]
    lasted_s: float


@dataclass
class Hindrances:
    """The hindrances of one process."""

    _known: dict[str, _Hindrance] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def waits(self, loop: str, what: str) -> tuple[bool, list[Over]]:
        """A loop waits for this, and for nothing else any more. Whether that is new, and what is over with it."""
        with self._lock:
            is_new = what not in self._known
            its = self._known.setdefault(what, _Hindrance(time.monotonic()))
            its.waiting.add(loop)
            its.waited.add(loop)
            return is_new, self._leave(loop, but=what)

    def goes_on(self, loop: str) -> list[Over]:
        """A loop waits for nothing. What is over with it."""
        with self._lock:
            return self._leave(loop)

    def _leave(self, loop: str, but: str = "") -> list[Over]:
        over = []
        for name, each in [*self._known.items()]:
            if name != but:
                each.waiting.discard(loop)
            if not each.waiting:
                del self._known[name]
                over.append(Over(sorted(each.waited), round(time.monotonic() - each.began_at, 1)))
        return over


HINDRANCES = Hindrances()
