"""How is a Redis stream read so that nothing is lost? By a group whose members share it, and inherit from the dead.

A member gets first what a failed turn left with it, then what a member that is gone left, then what is new. It clears
an entry when its work is done; a member that is killed before leaves the entry to the others.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import redis

BATCH = 100
WAIT_MS = 1000
GONE_S = 30.0  # a member that holds an entry for longer is gone
FORGOTTEN_MS = 3_600_000  # a member that held nothing and did nothing for an hour is gone, too

Entry = tuple[bytes, dict[bytes, bytes]]


@dataclass
class StreamMember:
    """One member of the group that reads a stream. The group begins with the stream's first entry."""

    client: redis.Redis
    stream: str
    group: str
    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    _declared: bool = False
    _inherit_at: float = 0.0
    _left: int | None = None
    """Entries that stand with this member; None where it is not known: at first, and after a failure."""

    def read(self) -> list[Entry]:
        """The next entries; none after a second without any."""
        if not self._declared:
            declare(self.client, self.stream, self.group)
            self._forget_the_gone()
            self._declared = True
        left, self._left = self._left, None
        try:
            entries = (self._mine() if left != 0 else []) or self._inherited() or self._new()
        except redis.ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            self._declared = False  # the stream was deleted, or the state lost: it is made anew
            return []
        self._left = len(entries)
        return entries

    def clear(self, entries: list[Entry]) -> None:
        """Take entries off the stream: their work is done."""
        self._take_off([entry_id for entry_id, _ in entries])
        if self._left is not None:
            self._left -= len(entries)

    def _take_off(self, ids: list[bytes]) -> None:
        if not ids:
            return
        with self.client.pipeline(transaction=True) as pipe:
            pipe.xack(self.stream, self.group, *ids)
            pipe.xdel(self.stream, *ids)
            pipe.execute()

    def leave(self) -> None:
        """Leave the group, if nothing is left to inherit."""
        if self._declared and not self._mine():
            self.client.xgroup_delconsumer(self.stream, self.group, self.name)

    def _mine(self) -> list[Entry]:
        answer: Any = self.client.xreadgroup(self.group, self.name, {self.stream: "0"}, count=BATCH)
        return self._whole(answer[0][1]) if answer else []

    def _inherited(self) -> list[Entry]:
        if time.monotonic() < self._inherit_at:
            return []
        self._inherit_at = time.monotonic() + GONE_S / 3
        answer: Any = self.client.xautoclaim(self.stream, self.group, self.name, round(GONE_S * 1000), count=BATCH)
        return self._whole([entry for entry in answer[1] if entry[0] is not None])

    def _new(self) -> list[Entry]:
        answer: Any = self.client.xreadgroup(self.group, self.name, {self.stream: ">"}, count=BATCH, block=WAIT_MS)
        return self._whole(answer[0][1]) if answer else []

    def _whole(self, entries: list[Any]) -> list[Entry]:
        """Those that still hold something; what somebody has deleted meanwhile is cleared."""
        self._take_off([entry_id for entry_id, fields in entries if not fields])
        return [(entry_id, fields) for entry_id, fields in entries if fields]

    def _forget_the_gone(self) -> None:
        members: Any = self.client.xinfo_consumers(self.stream, self.group)
        for member in members:
            if not member["pending"] and member["idle"] > FORGOTTEN_MS:
                self.client.xgroup_delconsumer(self.stream, self.group, member["name"])


def declare(client: redis.Redis, stream: str, group: str) -> None:
    """Make the stream and its group, unless they exist."""
    with contextlib.suppress(redis.ResponseError):  # BUSYGROUP: it exists; any other trouble shows at the first read
        client.xgroup_create(stream, group, id="0", mkstream=True)
