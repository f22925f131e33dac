"""What does the service declare on its broker, and how does it connect? The queues and exchanges of the contract."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import redis
from kombu import Connection, Exchange, Queue
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as kombu_redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from workers.settings import SettingsError

QUORUM = {"x-queue-type": "quorum"}

# No argument but the type: producers may declare the queue too, and other arguments would close their channel.
JOBS = Queue("audience.jobs", Exchange(""), routing_key="audience.jobs", durable=True, queue_arguments=QUORUM)
# As Celery declares a queue that it does not know, so that a bare app's send_task and this agree.
SUBMIT = Queue("audience.submit", Exchange("audience.submit", "direct"), routing_key="audience.submit", durable=True)
RESULTS_EXCHANGE = Exchange("audience.results", "topic", durable=True)
RESULTS = Queue("audience.results", RESULTS_EXCHANGE, routing_key="#", durable=True, queue_arguments=QUORUM)


def provider_queue(provider: str) -> Queue:
    """The Celery queue of one provider. Classic: it carries hints, and the lanes hold what they hint at."""
    name = f"audience.{provider}"
    return Queue(name, Exchange(name, "direct"), routing_key=name, durable=True)


def is_amqp(url: str) -> bool:
    return url.partition("://")[0] in {"amqp", "amqps", "pyamqp"}


def transport_options(url: str) -> dict[str, Any]:
    """What kombu must know beside the URL, for this service's connections and for Celery's."""
    if is_amqp(url):
        return {"confirm_publish": True, "read_timeout": 30.0, "write_timeout": 30.0}
    return {
        "socket_timeout": 30.0,
        "socket_connect_timeout": 5.0,
        "socket_keepalive": True,
        "health_check_interval": 25,
    }


def connect(url: str, *, heartbeat: float = 0) -> Connection:
    """A kombu connection, not yet opened. Seconds between heartbeats: only for who checks them."""
    return Connection(
        url, ssl=tls(url), transport_options=transport_options(url), heartbeat=heartbeat, connect_timeout=5.0
    )


def redis_client(url: str) -> redis.Redis:
    """A client of the Redis at any URL that kombu takes for one. Raises ``SettingsError`` for other URLs."""
    scheme = url.partition("://")[0]
    options: dict[str, Any] = {
        "socket_timeout": 15.0,  # longer than any blocking command of this service
        "socket_connect_timeout": 5.0,
        "retry": Retry(ExponentialBackoff(cap=0.5, base=0.05), 3),  # every script is safe to repeat
        "health_check_interval": 25,
    }
    if scheme == "redis+socket":
        parts = urlsplit(url.removeprefix("redis+"))
        database = parse_qs(parts.query).get("virtual_host", ["0"])[0].lstrip("/")
        return redis.Redis(unix_socket_path=unquote(parts.path), db=int(database or 0), **options)
    if scheme in {"redis", "rediss", "unix"}:
        if scheme != "unix":
            options["socket_keepalive"] = True
        try:
            return redis.Redis.from_url(url, **options)
        except ValueError:
            raise SettingsError("a Redis URL cannot be read: its database is a number, its port too") from None
    raise SettingsError(
        f"{scheme}:// cannot be used: a broker is at redis://, rediss://, amqp:// or amqps://, "
        "a state store at redis://, rediss:// or unix://"
    )


class _Channel(kombu_redis.Channel):  # type: ignore[misc]  # kombu has no types
    def _connparams(self, asynchronous: bool = False) -> Any:  # noqa: FBT001, FBT002 - kombu's signature
        # kombu 5.7.0: after the loss of a Redis under load a channel asks its closed connection for the address,
        # and the AttributeError ends the worker. As a connection error, it makes the worker connect anew.
        if self.connection.client is None:
            raise redis.ConnectionError("the connection to the broker was closed")
        return super()._connparams(asynchronous)


class RedisTransport(kombu_redis.Transport):  # type: ignore[misc]  # kombu has no types
    """kombu's Redis transport, which here outlives the loss of its Redis."""

    Channel = _Channel

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A Redis that is full, cannot write to its disk or has become a replica: to be waited out, not to die of.
        self.connection_errors = (*self.connection_errors, redis.ResponseError)  # type: ignore[has-type]


def register_transport() -> None:
    """Let kombu use ``RedisTransport`` for Redis URLs; the name of a scheme is all that ``redis+socket://`` leaves."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = "workers.broker:RedisTransport"


def tls(url: str) -> dict[str, Any] | bool:
    """Celery's ``broker_use_ssl``: certificates are always verified."""
    scheme = url.partition("://")[0]
    if scheme == "amqps":
        return {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": urlsplit(url).hostname}
    return {"ssl_cert_reqs": ssl.CERT_REQUIRED} if scheme == "rediss" else False
