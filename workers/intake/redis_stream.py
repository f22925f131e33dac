"""How are jobs read from the Redis stream? Each entry is cleared once it is stored."""

from __future__ import annotations

import time
from dataclasses import dataclass

import redis

from workers.intake.door import GATHER_S, Door
from workers.intake.message import from_stream
from workers.lanes.keys import JOBS_STREAM
from workers.news import MessageTaken, tell
from workers.stream import BATCH, WAIT_MS, StreamMember

GROUP = "intake"


@dataclass
class StreamReader:
    """Reads the stream ``audience:jobs`` of the state store. Any number of readers may."""

    client: redis.Redis
    door: Door

    def __post_init__(self) -> None:
        self._member = StreamMember(self.client, JOBS_STREAM, GROUP)

    def turn(self) -> float | None:
        """Store what is there, or wait a second for an entry."""
        if self.door.watermark.is_full():
            time.sleep(WAIT_MS / 1000)
            return None
        entries = self._member.read()
        self.door.enter([from_stream(list(fields.items()), self.door.payloads) for _, fields in entries])
        for entry_id, _ in entries:
            tell(MessageTaken(JOBS_STREAM, max(0.0, time.time() - _added_at(entry_id))))
        self._member.clear(entries)
        return GATHER_S if 0 < len(entries) < BATCH else None

    def close(self) -> None:
        """Leave the group."""
        self._member.leave()


def _added_at(entry_id: bytes) -> float:
    """By the clock of the state store. A producer may choose other ids; then it is anything."""
    return int(entry_id.partition(b"-")[0]) / 1000
