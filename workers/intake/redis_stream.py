"""How are jobs read from the Redis stream? By a consumer group, acknowledged and deleted once they are stored."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

import redis

from workers.intake.door import Door
from workers.intake.message import from_stream
from workers.lanes.keys import JOBS_STREAM

GROUP = "intake"
BATCH = 50
WAIT_MS = 1000
ABANDONED_MS = 15_000  # a reader that holds an entry for longer is gone
LOOK_FOR_ABANDONED_S = 5.0


@dataclass
class StreamReader:
    """Reads the stream ``audience:jobs`` of the state store. Any number of readers may."""

    client: redis.Redis
    door: Door

    def __post_init__(self) -> None:
        self.name = uuid.uuid4().hex
        self._group_exists = False
        self._claim_at = 0.0

    def turn(self) -> None:
        """Store what is there, or wait a second for an entry."""
        if not self._group_exists:
            declare(self.client)
            self._group_exists = True
        try:
            entries = self._entries()
        except redis.ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            self._group_exists = False  # the stream was deleted; it is made anew
            return
        for entry_id, fields in entries:
            if fields:  # None: deleted by somebody before it was read
                self.door.enter(from_stream(list(fields.items()), self.door.payloads))
            with self.client.pipeline(transaction=True) as pipe:
                pipe.xack(JOBS_STREAM, GROUP, entry_id)
                pipe.xdel(JOBS_STREAM, entry_id)
                pipe.execute()

    def _entries(self) -> Any:
        """What an outage left with this reader, then what dead readers left, then what is new."""
        mine: Any = self.client.xreadgroup(GROUP, self.name, {JOBS_STREAM: "0"}, count=BATCH)
        if mine and mine[0][1]:
            return mine[0][1]
        if time.monotonic() >= self._claim_at:
            self._claim_at = time.monotonic() + LOOK_FOR_ABANDONED_S
            abandoned = self.client.xautoclaim(JOBS_STREAM, GROUP, self.name, ABANDONED_MS, count=BATCH)[1]
            if abandoned:
                return abandoned
        new: Any = self.client.xreadgroup(GROUP, self.name, {JOBS_STREAM: ">"}, count=BATCH, block=WAIT_MS)
        return new[0][1] if new else []


def declare(client: redis.Redis) -> None:
    """Make the stream and its group, from the first entry on."""
    try:
        client.xgroup_create(JOBS_STREAM, GROUP, id="0", mkstream=True)
    except redis.ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise
