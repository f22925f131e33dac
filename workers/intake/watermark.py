"""Does intake go on? Not above a mark of waiting jobs, or of the state store's memory: the broker holds the rest."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import redis
import structlog

from workers.lanes.keys import partition

LOOK_S = 0.5
LOWER = 0.95  # of the mark, so that intake does not stop and go with each job

log = structlog.get_logger()


@dataclass
class Watermark:
    """The mark of one state store. Each process looks for itself; some jobs more may come in between two looks."""

    client: redis.Redis
    providers: Sequence[str]
    max_waiting: int
    max_memory_share: float
    _full: bool = field(default=False, init=False)
    _look_at: float = field(default=0.0, init=False)

    def is_full(self) -> bool:
        """Whether no more may be taken in now."""
        if time.monotonic() >= self._look_at:
            self._look()  # where it fails, the next one looks, too, and does not go by what was
            self._look_at = time.monotonic() + LOOK_S
        return self._full

    def _look(self) -> None:
        waiting, memory = self._waiting(), self._memory_share()
        mark = LOWER if self._full else 1.0
        full = waiting >= self.max_waiting * mark or memory >= self.max_memory_share * mark
        if full and not self._full:
            log.warning("intake.full", waiting=waiting, memory_share=round(memory, 3))
        elif self._full and not full:
            log.info("intake.goes_on", waiting=waiting, memory_share=round(memory, 3))
        self._full = full

    def _waiting(self) -> int:
        with self.client.pipeline(transaction=False) as pipe:
            for name in self.providers:
                pipe.hget(f"{partition(name)}:lane:*", "waiting")
            return sum(int(count or 0) for count in pipe.execute())

    def _memory_share(self) -> float:
        """Of the memory that the state store may use; 0 where it has no bound."""
        memory: Any = self.client.info("memory")
        bound = int(memory["maxmemory"])
        return int(memory["used_memory"]) / bound if bound else 0.0
