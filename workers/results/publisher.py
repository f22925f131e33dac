"""How does an event leave the outbox? Published with confirms, put into the results stream, and only then cleared.

A crash in between publishes an event again, with the same id. None is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import redis
from kombu import Connection, Producer

from workers.broker import RESULTS, RESULTS_EXCHANGE, connect, is_amqp
from workers.lanes.keys import RESULTS_STREAM, partition
from workers.news import EventPublished, tell
from workers.results.confirms import ConfirmedChannel
from workers.stream import BATCH, Entry, StreamMember

GROUP = "publishers"
CONTENT_TYPE = "application/cloudevents+json"
ENCODING = "utf-8"
PERSISTENT = 2
GATHER_S = 0.05  # an event waits so long at most; one that comes after a pause goes out at once


@dataclass
class Publisher:
    """Publishes the outbox of one partition. One for each partition runs in every worker; they share the work."""

    client: redis.Redis
    partition_name: str
    broker_url: str
    bind_queue: bool
    stream_length: int

    def __post_init__(self) -> None:
        self._outbox = StreamMember(self.client, f"{partition(self.partition_name)}:outbox", GROUP)
        self._connection: Connection | None = None
        self._channel: Any = None
        self._confirmed: ConfirmedChannel | None = None
        self._goes_singly = False

    def turn(self) -> float | None:
        """Publish what is in the outbox, or wait a second for something."""
        try:
            self._open()  # also with nothing to publish: consumers may wait for the queue
            entries = self._outbox.read()
            if entries and not self._is_bound():
                self._release()  # a new connection declares it
            for few in self._portions(entries):
                self._publish(few)
        except Exception:
            self._release()  # what was not published stays with this member, which reads it again
            self._goes_singly = True
            raise
        self._goes_singly = False
        return GATHER_S if 0 < len(entries) < BATCH else None

    def close(self) -> None:
        """Publish what is there, and let go of the broker and the outbox."""
        self.turn()
        self._release()
        self._outbox.leave()

    def _is_bound(self) -> bool:
        """Whether the queue's binding stands: a Redis that lost it drops events silently. RabbitMQ says so itself."""
        if is_amqp(self.broker_url) or not self.bind_queue:
            return True
        table = self._open().get_table(RESULTS_EXCHANGE.name)
        return any(queue == RESULTS.name for *_, queue in table)

    def _portions(self, entries: list[Entry]) -> list[list[Entry]]:
        """All at once; after a failure one by one: what is refused holds up what is behind it, and repeats nothing."""
        if self._goes_singly:
            return [[entry] for entry in entries]
        return [entries] if entries else []

    def _publish(self, entries: list[Entry]) -> None:
        """Publish them, and clear what surely is published, at once: what lies here for long goes to other members."""
        published: list[Entry] = []
        try:
            self._publish_all(entries, published)
        finally:
            self._clear(published)

    def _publish_all(self, entries: list[Entry], published: list[Entry]) -> None:
        """Add to ``published`` what surely is: RabbitMQ confirms each event, a Redis takes them all at once."""
        channel = self._open()
        if self._confirmed is not None:
            self._publish_confirmed(self._confirmed, entries, published)
            return
        with channel.one_look(), (producer := Producer(channel, RESULTS_EXCHANGE, auto_declare=False)).batch():
            for _, event in entries:
                producer.publish(
                    event[b"event"],
                    routing_key=event[b"routing_key"].decode(),
                    content_type=CONTENT_TYPE,
                    content_encoding=ENCODING,
                    delivery_mode=PERSISTENT,
                )
        published.extend(entries)

    def _publish_confirmed(self, channel: ConfirmedChannel, entries: list[Entry], published: list[Entry]) -> None:
        messages = [self._message(event) for _, event in entries]
        taken: set[int] = set()
        try:
            # A confirm alone also answers for an event that no queue took.
            channel.publish(RESULTS_EXCHANGE.name, messages, taken.add, mandatory=self.bind_queue)
        finally:  # confirms come in any order, and the results stream has that of the outbox
            published += [entry for place, entry in enumerate(entries) if place in taken]

    def _message(self, event: dict[bytes, bytes]) -> tuple[str, Any]:
        """Its routing key, and it as py-amqp sends it: persistent, and with the properties that kombu gives."""
        prepare = self._open().prepare_message
        message = prepare(event[b"event"], 0, CONTENT_TYPE, ENCODING, {}, {"delivery_mode": PERSISTENT})
        return event[b"routing_key"].decode(), message

    def _clear(self, entries: list[Entry]) -> None:
        if self.stream_length and entries:
            with self.client.pipeline(transaction=False) as pipe:
                for _, event in entries:
                    pipe.xadd(RESULTS_STREAM, {"event": event[b"event"]}, maxlen=self.stream_length, approximate=True)
                pipe.execute()
        self._outbox.clear(entries)
        for _, event in entries:
            tell(EventPublished(self.partition_name, event[b"event"]))

    def _open(self) -> Any:
        """The channel."""
        if self._channel is None:
            self._connection = connect(self.broker_url)
            channel = self._connection.channel()
            RESULTS_EXCHANGE(channel).declare()
            if self.bind_queue:
                RESULTS(channel).declare()
            self._confirmed = ConfirmedChannel(channel) if is_amqp(self.broker_url) else None
            self._channel = channel
        return self._channel

    def _release(self) -> None:
        if self._connection is not None:
            self._connection.release()
        self._connection = self._channel = self._confirmed = None
