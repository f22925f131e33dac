"""How does an event leave the outbox? Published with confirms, put into the results stream, and only then cleared.

A crash in between publishes an event again, with the same id. None is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import redis
from kombu import Connection, Producer

from workers.broker import RESULTS, RESULTS_EXCHANGE, connect, is_amqp
from workers.lanes.keys import RESULTS_STREAM, partition
from workers.news import EventPublished, tell
from workers.stream import Entry, StreamMember

GROUP = "publishers"
CONTENT_TYPE = "application/cloudevents+json"
CONFIRM_S = 10.0


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
        self._producer: Producer | None = None

    def turn(self) -> None:
        """Publish what is in the outbox, or wait a second for something."""
        published: list[Entry] = []
        try:
            self._open()  # also with nothing to publish: consumers may wait for the queue
            entries = self._outbox.read()
            if entries and not self._is_bound():
                self._release()  # a new connection declares it
            self._publish_all(entries, published)
        except Exception:
            self._release()  # what was not published stays with this member, which reads it again
            raise
        finally:
            self._clear(published)

    def close(self) -> None:
        """Publish what is there, and let go of the broker and the outbox."""
        self.turn()
        self._release()
        self._outbox.leave()

    def _is_bound(self) -> bool:
        """Whether the queue's binding stands: a Redis that lost it drops events silently. RabbitMQ says so itself."""
        if is_amqp(self.broker_url) or not self.bind_queue:
            return True
        table = self._open().channel.get_table(RESULTS_EXCHANGE.name)
        return any(queue == RESULTS.name for *_, queue in table)

    def _publish_all(self, entries: list[Entry], published: list[Entry]) -> None:
        """Add to ``published`` what surely is: RabbitMQ confirms each event, a Redis takes them all at once."""
        if is_amqp(self.broker_url):
            for entry in entries:
                self._publish(entry)
                published.append(entry)
        else:
            producer = self._open()
            with producer.channel.one_look(), producer.batch():
                for entry in entries:
                    self._publish(entry)
            published.extend(entries)

    def _publish(self, entry: Entry) -> None:
        _, event = entry
        self._open().publish(
            event[b"event"],
            exchange=RESULTS_EXCHANGE,
            routing_key=event[b"routing_key"].decode(),
            content_type=CONTENT_TYPE,
            content_encoding="utf-8",
            delivery_mode=2,
            # A confirm alone also answers for an event that no queue took.
            mandatory=self.bind_queue and is_amqp(self.broker_url),
            confirm_timeout=CONFIRM_S,
        )

    def _clear(self, entries: list[Entry]) -> None:
        if self.stream_length and entries:
            with self.client.pipeline(transaction=False) as pipe:
                for _, event in entries:
                    pipe.xadd(RESULTS_STREAM, {"event": event[b"event"]}, maxlen=self.stream_length, approximate=True)
                pipe.execute()
        self._outbox.clear(entries)
        for _, event in entries:
            tell(EventPublished(self.partition_name, event[b"event"]))

    def _open(self) -> Producer:
        if self._producer is None:
            self._connection = connect(self.broker_url)
            channel = self._connection.channel()
            RESULTS_EXCHANGE(channel).declare()
            if self.bind_queue:
                RESULTS(channel).declare()
            self._producer = Producer(channel)
        return self._producer

    def _release(self) -> None:
        if self._connection is not None:
            self._connection.release()
        self._connection = self._producer = None
