"""How are jobs read from a list of a Redis broker? Claimed atomically, stored, and only then removed.

Not through kombu: its Redis consumer takes a message off the list before it is written down anywhere, so that a
kill in between loses it (kombu 5.7.0, kombu#305). The claims of a reader that is gone go back to the list.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import redis

from workers.intake.door import GATHER_S, Door
from workers.intake.message import from_list

BATCH = 50
WAIT_S = 1
SILENT_S = 15  # a reader that is not heard of for so long is gone; a turn takes far less
# kombu keeps a list for each step of its priorities, under these names (kombu.transport.redis, sep and steps).
_KOMBU_STEPS = ("", "\x06\x163", "\x06\x166", "\x06\x169")


@dataclass
class ListReader:
    """Reads one list. Any number of readers may, in any number of processes."""

    broker: redis.Redis
    queue: str
    door: Door

    def __post_init__(self) -> None:
        self.name = uuid.uuid4().hex
        self._claims = f"{self.queue}:claims:{self.name}"
        self._readers = f"{self.queue}:readers"
        self._sources = sources(self.queue)
        self._return_claims_at = 0.0

    def turn(self) -> float | None:
        """Store what is there, or wait a second for an entry."""
        if self.door.watermark.is_full():
            time.sleep(WAIT_S)
            return None
        if time.monotonic() >= self._return_claims_at:
            self._run("return_claims", [self._readers, self.queue], SILENT_S, f"{self.queue}:claims:")
            self._return_claims_at = time.monotonic() + SILENT_S
        keys = [self._claims, self._readers, *self._sources]
        entries: list[bytes] = self._run("claim", keys, BATCH, self.name)
        if not entries:
            self.broker.blmove(self.queue, self._claims, WAIT_S, "RIGHT", "LEFT")
            return None
        self.door.enter([from_list(entry, self.door.payloads) for entry in reversed(entries)])
        self.broker.delete(self._claims)  # it holds these and nothing else, or has been given back
        return GATHER_S if len(entries) < BATCH else None

    def close(self) -> None:
        """Leave the register; what is still claimed goes back at the next reader's turn."""
        self.broker.hset(self._readers, self.name, 0)

    def _run(self, script: str, keys: list[str], *args: str | int) -> list[bytes]:
        result: list[bytes] = self.broker.register_script(_text(script))(keys=keys, args=args)
        return result


def sources(queue: str) -> list[str]:
    """The lists in which kombu keeps a queue, the first by its own name."""
    return [queue + step for step in _KOMBU_STEPS]


@cache
def _text(name: str) -> str:
    return (files("workers.intake") / "lua" / f"{name}.lua").read_text()
