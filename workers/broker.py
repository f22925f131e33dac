"""What does the service declare on its broker, and how does it connect? The queues and exchanges of the contract."""

from __future__ import annotations

import random
import ssl
from typing import Any
from urllib.parse import urlsplit

import redis
from kombu import Connection, Exchange, Queue
from kombu.transport import TRANSPORT_ALIASES

from workers.redis_address import SENTINEL_OPTIONS, SentinelAddress, client_at, is_sentinel
from workers.settings import SettingsError

# kombu uses our transports, in all that imports this: it looks a scheme up once, and remembers it. Of
# redis+socket:// it looks up the part before the plus sign.
TRANSPORT_ALIASES |= {
    "amqps": "workers.amqp_transport:EachNodeByItsName",
    "redis": "workers.redis_transport:RedisTransport",
    "rediss": "workers.redis_transport:RedisTransport",
    "sentinel": "workers.redis_transport:SentinelTransport",
}

QUORUM = {"x-queue-type": "quorum"}

# No argument but the type: producers may declare the queue too, and other arguments would close their channel.
JOBS = Queue("audience.jobs", Exchange(""), routing_key="audience.jobs", durable=True, queue_arguments=QUORUM)
# As Celery declares a queue that it does not know, so that a bare app's send_task and this agree.
SUBMIT = Queue("audience.submit", Exchange("audience.submit", "direct"), routing_key="audience.submit", durable=True)
RESULTS_EXCHANGE = Exchange("audience.results", "topic", durable=True)
RESULTS = Queue("audience.results", RESULTS_EXCHANGE, routing_key="#", durable=True, queue_arguments=QUORUM)


def is_amqp(url: str) -> bool:
    return url.partition("://")[0] in {"amqp", "amqps", "pyamqp"}


def transport_options(url: str) -> dict[str, Any]:
    """What kombu must know beside the URL, for this service's connections and for Celery's.

    Raises ``SettingsError`` for a URL that no broker of this service has.
    """
    if is_amqp(url):
        return {"confirm_publish": True, "read_timeout": 30.0, "write_timeout": 30.0}
    options = {
        "socket_timeout": 30.0,
        "socket_connect_timeout": 5.0,
        "socket_keepalive": True,
        "health_check_interval": 25,
    }
    if is_sentinel(url):
        return {**options, "master_name": SentinelAddress.of(url).master, "sentinel_kwargs": SENTINEL_OPTIONS}
    if url.partition("://")[0] not in {"redis", "rediss", "redis+socket"}:
        raise SettingsError(
            f"{url.partition('://')[0]}:// cannot be the broker: set AUDIENCE_BROKER_URL to a redis://, rediss://, "
            "sentinel://, amqp:// or amqps:// URL"
        )
    return options


def in_any_order(url: str) -> str:
    """The nodes that an AMQP URL names in a random order, so that not all connect to the first one that lives."""
    if not is_amqp(url):
        return url
    nodes = url.split(";")
    return ";".join(random.sample(nodes, len(nodes)))


def connect(url: str, *, heartbeat: float = 0, prompt_s: float | None = None) -> Connection:
    """A kombu connection, not yet opened. Seconds between heartbeats: only for who checks them.

    ``prompt_s``: a broker that has not answered by then counts as out of reach. Of the nodes that an AMQP URL
    names two are tried, any two: this spreads connections over them, and the next attempt finds others.
    """
    options = transport_options(url)
    if prompt_s is not None:
        waits = ("read_timeout", "write_timeout") if is_amqp(url) else ("socket_timeout", "socket_connect_timeout")
        options |= dict.fromkeys(waits, prompt_s)
    url = in_any_order(url)
    return Connection(
        url, ssl=tls(url), transport_options=options, heartbeat=heartbeat, connect_timeout=prompt_s or 5.0
    )


def redis_client(url: str) -> redis.Redis:
    """A client of the Redis at a URL of the broker or of the state. Raises ``SettingsError`` for other URLs."""
    return client_at(url)


def tls(url: str) -> dict[str, Any] | bool:
    """Celery's ``broker_use_ssl``: certificates are verified."""
    scheme = url.partition("://")[0]
    if scheme == "amqps":
        return {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": urlsplit(url).hostname}
    return {"ssl_cert_reqs": ssl.CERT_REQUIRED} if scheme == "rediss" else False
