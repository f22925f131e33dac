"""How are jobs read from RabbitMQ? Delivered with a prefetch count, stored, and only then acknowledged.

Each queue on a connection and a thread of its own, so that the classic queue audience.submit, which is away with its
node of a cluster, holds up nothing else; and not by Celery's consumer, which acknowledges bodies that it cannot read,
and so loses them (celery 5.7.0). The bodies are taken as they came: kombu's consumer would decode and decompress
them by headers that anybody may set.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import amqp
import redis
import structlog
from kombu import Connection, Queue

from workers.amqp_arrivals import Arrivals
from workers.broker import connect
from workers.intake.door import GATHER_S, Door
from workers.intake.message import from_queue
from workers.news import MessageTaken, tell

PREFETCH = 100
WAIT_S = 1.0
NOTHING_MORE_S = 0.001
HEARTBEAT_S = 30.0

log = structlog.get_logger()


@dataclass
class QueueReader:
    """Reads one queue of an AMQP broker. Any number of readers may."""

    broker_url: str
    queue: Queue
    door: Door
    _connection: Connection | None = None
    _arrivals: Arrivals = field(init=False)
    _delivered: list[amqp.Message] = field(default_factory=list)
    _state_is_out: bool = False

    def turn(self) -> float | None:
        """Store what was delivered, or wait a second for it."""
        try:
            connection, came = self._open(), len(self._delivered)
            if came and self._store():
                return GATHER_S if came < PREFETCH else None
            self._wait(connection)
        except Exception:
            self.close()  # what was not acknowledged is delivered again
            raise
        return None

    def close(self) -> None:
        """Let go of the broker."""
        if self._connection is not None:
            self._connection.release()
        self._connection = None
        self._delivered.clear()

    def _store(self) -> bool:
        """Store the deliveries; False while the state store is out, or full.

        They are held then: each return to the queue would bring them nearer to RabbitMQ's delivery limit, and to loss.
        """
        try:
            if self.door.watermark.is_full():
                return False
            self.door.enter([from_queue(each.body or b"", self.door.payloads) for each in self._delivered])
        except redis.RedisError as error:
            if not self._state_is_out:
                log.warning("intake.holding", error=f"{type(error).__name__}: {error}")
            self._state_is_out = True
            return False
        if self._state_is_out:
            log.info("intake.held_on")
        self._state_is_out = False
        for delivery in self._delivered:
            self._tell_age(delivery)
        # Only now: each job, or its rejection, is stored. Nothing older on this channel is left unacknowledged.
        delivery.channel.basic_ack(delivery.delivery_tag, multiple=True)
        self._delivered.clear()
        return True

    def _wait(self, connection: Connection) -> None:
        """Let RabbitMQ deliver, and both sides' heartbeats pass."""
        wait_s = WAIT_S
        while self._arrivals.take(wait_s) and len(self._delivered) < PREFETCH:
            wait_s = NOTHING_MORE_S  # whatever else arrives
        connection.heartbeat_check()

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = connect(self.broker_url, heartbeat=HEARTBEAT_S)
            channel = self._connection.channel()
            self._arrivals = Arrivals(channel.connection)
            channel.auto_decode = False
            channel.basic_qos(0, PREFETCH, a_global=False)
            self.queue(channel).declare()
            channel.basic_consume(self.queue.name, callback=self._delivered.append)
        return self._connection

    def _tell_age(self, delivery: amqp.Message) -> None:
        """Of a message that carries its time, in whole seconds, by the property that its producer may set."""
        sent_at = delivery.properties.get("timestamp")
        if isinstance(sent_at, int):
            tell(MessageTaken(self.queue.name, max(0.0, time.time() - sent_at)))
