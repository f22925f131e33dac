"""How does an event leave the outbox? Published with confirms, put into the results stream, and only then cleared.

A crash in between publishes an event again, with the same id. None is lost.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import redis
from kombu import Connection, Producer

from workers.broker import RESULTS, RESULTS_EXCHANGE, connect, is_amqp
from workers.lanes.keys import RESULTS_STREAM, partition

GROUP = "publishers"
CONTENT_TYPE = "application/cloudevents+json"
BATCH = 100
WAIT_MS = 1000
ABANDONED_MS = 30_000  # a publisher that holds an event for longer is gone

Entry = tuple[bytes, dict[bytes, bytes]]


@dataclass
class Publisher:
    """Publishes the outbox of one partition. One for each partition runs in every worker; they share the work."""

    client: redis.Redis
    partition_name: str
    broker_url: str
    bind_queue: bool
    stream_length: int

    def __post_init__(self) -> None:
        self.outbox = f"{partition(self.partition_name)}:outbox"
        self.name = uuid.uuid4().hex
        self._connection: Connection | None = None
        self._producer: Producer | None = None
        self._group_exists = False

    def turn(self) -> None:
        """Publish what is in the outbox, or wait a second for something."""
        if not self._group_exists:
            _create_group(self.client, self.outbox)
            self._group_exists = True
        try:
            producer = self._open()  # also with nothing to publish: consumers may wait for the queue
            entries = self._read()
            self._publish(producer, entries)
        except Exception:
            self.close()  # the entries stay with this publisher, which reads them again
            raise
        if entries:
            self._clear(entries)

    def close(self) -> None:
        """Let go of the broker."""
        if self._connection is not None:
            self._connection.release()
        self._connection = self._producer = None

    def _read(self) -> list[Entry]:
        """First what was left by a failed turn or a dead publisher, then what is new."""
        mine: Any = self.client.xreadgroup(GROUP, self.name, {self.outbox: "0"}, count=BATCH)
        if mine and mine[0][1]:
            return _whole(mine[0][1])
        try:
            abandoned = self.client.xautoclaim(self.outbox, GROUP, self.name, ABANDONED_MS, count=BATCH)[1]
            if abandoned:
                return _whole(abandoned)
            new: Any = self.client.xreadgroup(GROUP, self.name, {self.outbox: ">"}, count=BATCH, block=WAIT_MS)
        except redis.ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            self._group_exists = False  # the state store was emptied
            return []
        return _whole(new[0][1]) if new else []

    def _publish(self, producer: Producer, entries: list[Entry]) -> None:
        for _, event in entries:
            producer.publish(
                event[b"event"],
                exchange=RESULTS_EXCHANGE,
                routing_key=event[b"routing_key"].decode(),
                content_type=CONTENT_TYPE,
                content_encoding="utf-8",
                delivery_mode=2,
                # A confirm alone also answers for an event that no queue took.
                mandatory=self.bind_queue and is_amqp(self.broker_url),
            )

    def _clear(self, entries: list[Entry]) -> None:
        if self.stream_length:
            with self.client.pipeline(transaction=False) as pipe:
                for _, event in entries:
                    pipe.xadd(
                        RESULTS_STREAM,
                        {"event": event[b"event"]},
                        maxlen=self.stream_length,
                        approximate=True,
                    )
                pipe.execute()
        ids = [entry_id for entry_id, _ in entries]
        with self.client.pipeline(transaction=True) as pipe:
            pipe.xack(self.outbox, GROUP, *ids)
            pipe.xdel(self.outbox, *ids)
            pipe.execute()

    def _open(self) -> Producer:
        if self._producer is None:
            self._connection = connect(self.broker_url)
            channel = self._connection.channel()
            RESULTS_EXCHANGE(channel).declare()
            if self.bind_queue:
                RESULTS(channel).declare()
            self._producer = Producer(channel)
        return self._producer


def _create_group(client: redis.Redis, stream: str) -> None:
    try:
        client.xgroup_create(stream, GROUP, id="0", mkstream=True)
    except redis.ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise


def _whole(entries: Any) -> list[Entry]:
    """Without the entries that another publisher has cleared meanwhile."""
    return [(entry_id, fields) for entry_id, fields in entries if fields]
