"""Which events came out? Those of the results stream while a run lasts, those of the results queue at its end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from queue import Empty
from typing import Any

import kombu
import redis

_QUIET_S = 3.0


@dataclass(frozen=True, slots=True)
class Received:
    """One event, as often as it came. ``at``: seconds since the epoch, by the state store that is on this machine."""

    event: dict[str, Any]
    at: float = 0.0


def first_answers(received: Iterable[Received]) -> dict[str, float]:
    """When each event came first, by its id."""
    first: dict[str, float] = {}
    for each in received:
        first.setdefault(each.event["id"], each.at)
    return first


class Stream:
    """The results stream, read further at each look."""

    def __init__(self, client: redis.Redis) -> None:
        self.received: list[Received] = []
        self.ids: set[str] = set()
        self._client, self._last = client, b"0-0"

    def look(self) -> set[str]:
        """The id of every event so far. Nothing new while the state store is down."""
        try:
            entries: Any = self._client.xrange("audience:results", min=b"(" + self._last)
        except redis.RedisError:
            return self.ids
        for entry_id, fields in entries:
            event = json.loads(fields[b"event"])
            self.received.append(Received(event, int(entry_id.split(b"-")[0]) / 1000))
            self.ids.add(event["id"])
            self._last = entry_id
        return self.ids


def queued(broker_url: str) -> list[Received]:
    """Everything that lies on the results queue, taken off it."""
    with kombu.Connection(broker_url) as connection:
        queue = connection.SimpleQueue(kombu.Queue("audience.results", no_declare=True), serializer=None)
        found = [Received(json.loads(body)) for body in _bodies(queue)]
        queue.close()
        return found


def _bodies(queue: Any) -> Iterator[bytes]:
    while True:
        try:
            message = queue.get(timeout=_QUIET_S)
        except Empty:
            return
        yield message.body
        message.ack()
