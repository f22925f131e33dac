"""How does kombu speak with a Redis that goes away, comes back or holds nonsense? Its own transports outlive that."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
import structlog
from kombu.transport import redis as kombu_redis


class _Reconnecting:
    """A channel whose connection may be gone."""

    connection: Any
    pool: Any
    _own: tuple[Any, Any] = (None, None)

    def _create_client(self, asynchronous: bool = False) -> Any:  # noqa: FBT001, FBT002 - kombu's signature
        # kombu 5.7.0 makes a client for each command, which costs more than the command: one for each pool will do.
        # Those for its event loop hold a connection of their own, and are not shared.
        if asynchronous:
            return super()._create_client(asynchronous)  # type: ignore[misc]  # kombu's channel comes after this class
        pool, client = self._own
        if pool is not self.pool:
            client = super()._create_client()  # type: ignore[misc]  # as above
            self._own = self.pool, client
        return client

    def _connparams(self, asynchronous: bool = False) -> Any:  # noqa: FBT001, FBT002 - kombu's signature
        # kombu 5.7.0: after the loss of a Redis under load a channel asks its closed connection for the address,
        # and the AttributeError ends the worker. As a connection error, it makes the worker connect anew.
        if self.connection.client is None:
            raise redis.ConnectionError("the connection to the broker was closed")
        return super()._connparams(asynchronous)  # type: ignore[misc]  # kombu's channel comes after this class


# What kombu 5.7.0 raises over what is no message of its own; Celery's worker would end of it.
_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError)

log = structlog.get_logger()


class _Unshaken:
    """A channel that drops what is no message: whoever reaches the Redis may publish it to remote control."""

    def _receive(self) -> Any:
        try:
            return super()._receive()  # type: ignore[misc]  # as above
        except _UNREADABLE as error:
            log.warning("broker.message_dropped", error=type(error).__name__)
            return True


class _LookingOnce:
    """A channel that looks up an exchange's queues once for all messages of a batch, and not for each."""

    _tables: dict[str, Any] | None = None

    @contextmanager
    def one_look(self) -> Iterator[None]:
        """What is bound meanwhile counts from the next batch on."""
        self._tables = {}
        try:
            yield
        finally:
            self._tables = None

    def get_table(self, exchange: str) -> Any:
        if self._tables is None:
            return super().get_table(exchange)  # type: ignore[misc]  # as above
        if exchange not in self._tables:
            self._tables[exchange] = super().get_table(exchange)  # type: ignore[misc]  # as above
        return self._tables[exchange]


class _Numbering:
    """A channel that tells its messages apart by numbers of Python's own: each of the kernel's changes threads."""

    def _next_delivery_tag(self) -> str:
        return str(uuid.UUID(int=random.getrandbits(128), version=4))


class _Patient:
    """A transport whose Redis is full, cannot write to its disk or has become a replica: to be waited out."""

    connection_errors: tuple[type[Exception], ...]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connection_errors = (*self.connection_errors, redis.ResponseError)


class _Channel(_Reconnecting, _Unshaken, _LookingOnce, _Numbering, kombu_redis.Channel):  # type: ignore[misc]  # kombu has no types
    pass


class _SentinelChannel(_Reconnecting, _Unshaken, _LookingOnce, _Numbering, kombu_redis.SentinelChannel):  # type: ignore[misc]  # kombu has no types
    pass


class RedisTransport(_Patient, kombu_redis.Transport):  # type: ignore[misc]  # kombu has no types
    """For ``redis://``, ``rediss://`` and ``redis+socket://``."""

    Channel = _Channel


class SentinelTransport(_Patient, kombu_redis.SentinelTransport):  # type: ignore[misc]  # kombu has no types
    """For ``sentinel://``."""

    Channel = _SentinelChannel
