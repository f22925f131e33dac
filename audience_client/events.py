"""How does a Python program hear of every event? One after the other, repeats dropped, none lost when it dies."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from audience_client.connection import is_amqp
from audience_client.queue_reader import QueueReader
from audience_client.reader import Reader, Received
from audience_client.stream_reader import StreamReader
from schemas.event import EVENT, Event

PATIENCE_S = 60.0
REMEMBERED = 10_000


def reader_of(url: str, name: str | None) -> Reader:
    return QueueReader(url, name) if is_amqp(url) else StreamReader(url, name)


def read(received: Received) -> Event:
    """Raises ``pydantic.ValidationError`` for what is no event of this version of the contract."""
    return EVENT.validate_python(json.loads(received.body))


class Events:
    """Every event, for as long as the loop runs: ``for event in events``. A context manager, for one thread.

    ``url`` is that of the broker, where it is RabbitMQ; else that of the service's Redis, which has the stream.
    ``name`` is a durable queue of RabbitMQ, or a consumer group of the stream. Who shares a name shares the events;
    who wants all of them takes a name of its own.

    An event is done when the loop asks for the next one. One that was not done comes again, to whoever opens the name
    next. Repeats are dropped by their id, among the last 10,000; across two runs of a program an event can come again.
    A lost connection is opened anew; ``kombu.exceptions.OperationalError`` is raised when that fails for a minute.
    """

    def __init__(self, url: str, name: str = "audience.results") -> None:
        self._reader = reader_of(url, name)
        self._seen: OrderedDict[str, None] = OrderedDict()

    def __enter__(self) -> Self:
        self._reader.open(PATIENCE_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.close()

    def __iter__(self) -> Iterator[Event]:
        while True:
            try:
                received = self._reader.next()
                if received is not None:
                    yield from self._new(received)
                    received.done()
            except self._reader.lost:
                self._reader.open(PATIENCE_S)  # what was not done comes again, and is known by its id

    def _new(self, received: Received) -> Iterator[Event]:
        event = read(received)
        if event.id not in self._seen:
            yield event
            self._remember(event.id)  # only now: what the loop did not finish is no repeat

    def _remember(self, id_: str) -> None:
        self._seen[id_] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
