"""How many messages wait at the broker? Jobs that no worker has taken, and events that no consumer has."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import amqp
import redis
from kombu import Connection
from kombu.exceptions import KombuError

from workers.broker import JOBS, RESULTS, SUBMIT, connect, is_amqp
from workers.intake.redis_list import sources
from workers.redis_address import client_at

QUEUES = (JOBS.name, SUBMIT.name, RESULTS.name)
PROMPT_S = 2.0


class Queues(Protocol):
    """The queues of one broker."""

    def depths(self) -> Mapping[str, int] | None:
        """Messages by queue, those that exist; None: the broker is out of reach. Never takes long."""


def queues_at(url: str) -> Queues:
    """The queues of the broker at a URL."""
    return AmqpQueues(url) if is_amqp(url) else RedisQueues(url)


@dataclass
class RedisQueues:
    """Lists of a Redis, one for each step of kombu's priorities."""

    url: str
    _client: redis.Redis | None = None

    def depths(self) -> Mapping[str, int] | None:
        try:
            self._client = self._client or client_at(self.url, prompt_s=PROMPT_S)
            with self._client.pipeline(transaction=False) as pipe:
                for name in QUEUES:
                    for each in sources(name):
                        pipe.llen(each)
                lengths = iter(pipe.execute())
        except (redis.RedisError, OSError):
            return None
        return {name: sum(next(lengths) for _ in sources(name)) for name in QUEUES}


@dataclass
class AmqpQueues:
    """Queues of RabbitMQ, over one connection that is kept. Messages that a consumer holds are not counted."""

    url: str
    _connection: Connection | None = field(default=None)

    def depths(self) -> Mapping[str, int] | None:
        try:
            connection = self._connection = self._connection or connect(self.url, prompt_s=PROMPT_S)
            return {name: depth for name in QUEUES if (depth := _depth(connection, name)) is not None}
        except (amqp.AMQPError, KombuError, OSError):
            with suppress(Exception):  # what is broken may not even close
                if self._connection is not None:
                    self._connection.release()
            self._connection = None
            return None


def _depth(connection: Connection, name: str) -> int | None:
    """None: there is no such queue, which closes the channel."""
    try:
        with connection.channel() as channel:
            answer: Any = channel.queue_declare(name, passive=True)
            return int(answer.message_count)
    except amqp.NotFound:
        return None
