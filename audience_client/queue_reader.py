"""How are events read from RabbitMQ? From a durable queue that readers share, or one that is gone with its reader."""

from __future__ import annotations

import contextlib
from collections import deque
from typing import Any

from kombu import Connection, Exchange, Queue

from audience_client.connection import connect
from audience_client.reader import Received

EXCHANGE = Exchange("audience.results", "topic", durable=True)
WAIT_S = 1.0
_PREFETCH = 50
_HEARTBEAT_S = 60.0


class QueueReader:
    """``name`` is the durable queue, declared as the service declares its own; None: events from now on."""

    def __init__(self, url: str, name: str | None) -> None:
        self._url, self._name = url, name
        self._connection: Connection = connect(url, heartbeat_s=_HEARTBEAT_S)
        self._delivered: deque[Any] = deque()
        self.lost: tuple[type[BaseException], ...] = self._connection.recoverable_connection_errors

    def open(self, patience_s: float) -> None:
        """Connect and begin to consume."""
        self.close()
        self._connection = connect(self._url, heartbeat_s=_HEARTBEAT_S)
        self._connection.ensure_connection(timeout=patience_s, reraise_as_library_errors=True)
        self._connection.Consumer(
            self._queue(), on_message=self._delivered.append, no_ack=self._name is None, prefetch_count=_PREFETCH
        ).consume()

    def next(self) -> Received | None:
        """The next event; None where there was none for a second."""
        if not self._delivered:
            with contextlib.suppress(TimeoutError):
                self._connection.drain_events(timeout=WAIT_S)
            self._connection.heartbeat_check()
        if not self._delivered:
            return None
        message = self._delivered.popleft()
        return Received(message.body, (lambda: None) if self._name is None else message.ack)

    def close(self) -> None:
        """Let go of RabbitMQ, which delivers again what was not done."""
        self._delivered.clear()
        self._connection.release()

    def _queue(self) -> Queue:
        if self._name is None:
            return Queue("", EXCHANGE, routing_key="#", durable=False, exclusive=True, auto_delete=True)
        quorum = {"x-queue-type": "quorum"}
        return Queue(self._name, EXCHANGE, routing_key="#", durable=True, queue_arguments=quorum)
