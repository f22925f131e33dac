"""Which client does the URL of a Redis get? One server, a master that Sentinels name, or a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.cluster import ClusterNode
from redis.retry import Retry
from redis.sentinel import Sentinel

from workers.redis_cluster import Cluster
from workers.redis_connection import Connection, MasterConnection
from workers.settings import SettingsError

REDIS_PORT = 6379
SENTINEL_PORT = 26379
SENTINEL_OPTIONS: dict[str, Any] = {
    "socket_timeout": 2.0,
    "socket_connect_timeout": 2.0,
    "retry": Retry(NoBackoff(), 0),  # the next Sentinel is asked instead
}
"""How Sentinels are asked: they answer at once, or are not there."""

_PATIENT: dict[str, Any] = {
    "socket_timeout": 15.0,  # longer than any blocking command of this service
    "socket_connect_timeout": 5.0,
    # Every script is safe to repeat. What timed out is left to the next turn of whoever asked: redis-py tries again on
    # three levels, one within the other, and a server that hangs would be waited for for minutes. (Sentinels that hang
    # are asked in four rounds, 2 s each: to redis-py, that none names a master is no time-out.)
    "retry": Retry(ExponentialBackoff(cap=0.5, base=0.05), 3, supported_errors=(redis.ConnectionError,)),
    "health_check_interval": 25,
}


def client_at(url: str, *, prompt_s: float | None = None) -> redis.Redis:
    """The client for a URL. Raises ``SettingsError`` where the URL cannot be used.

    ``prompt_s``: it rather fails than waits for longer, for who can do without an answer.

    That of a cluster connects at once and may raise ``redis.RedisError``; the others do when they are first used.
    """
    scheme, options = url.partition("://")[0], _PATIENT if prompt_s is None else _hasty(prompt_s)
    try:
        match scheme:
            case "redis":
                return redis.Redis.from_url(url, socket_keepalive=True, connection_class=Connection, **options)
            case "rediss":
                return redis.Redis.from_url(url, socket_keepalive=True, **options)
            case "unix":
                return redis.Redis.from_url(url, **options)
            case "redis+socket":
                return _at_socket(urlsplit(url.removeprefix("redis+")), options)
            case "sentinel":
                return _of_sentinels(SentinelAddress.of(url), options)
            case "redis+cluster" | "rediss+cluster":
                return _of_cluster(url, options)
            case _:
                pass
    except ValueError:
        raise SettingsError("a Redis URL cannot be read: its database is a number, its port too") from None
    raise SettingsError(
        f"{scheme}:// cannot be used: a broker is at redis://, rediss://, sentinel://, amqp:// or amqps://, "
        "a state store at redis://, rediss://, sentinel://, redis+cluster://, rediss+cluster:// or unix://"
    )


def _hasty(prompt_s: float) -> dict[str, Any]:
    return {"socket_timeout": prompt_s, "socket_connect_timeout": prompt_s, "retry": Retry(NoBackoff(), 0)}


def is_sentinel(url: str) -> bool:
    return url.startswith("sentinel://")


@dataclass(frozen=True, slots=True)
class SentinelAddress:
    """What ``sentinel://…;sentinel://…#master`` says. User, password and database are the master's."""

    nodes: tuple[tuple[str, int], ...]
    master: str
    username: str | None
    password: str | None
    database: int

    @classmethod
    def of(cls, url: str) -> SentinelAddress:
        """Read a URL. Raises ``SettingsError`` where it names no master, or its parts disagree."""
        parts = [urlsplit(each) for each in url.split(";")]
        masters = {part.fragment for part in parts} - {""}
        if len(masters) != 1:
            raise SettingsError(
                "sentinel:// needs the name of the master that the Sentinels watch: set AUDIENCE_SENTINEL_MASTER, "
                "or write it once at the end of the URL, as in sentinel://host:26379#mymaster"
            )
        if len({(part.username, part.password, part.path.strip("/")) for part in parts}) != 1:
            raise SettingsError(
                "every sentinel:// URL of a list must have the same user, password and database: those of the master"
            )
        first = parts[0]
        return cls(
            tuple((part.hostname or "127.0.0.1", part.port or SENTINEL_PORT) for part in parts),
            masters.pop(),
            unquote(first.username or "") or None,
            unquote(first.password or "") or None,
            int(first.path.strip("/") or 0),
        )


def _at_socket(parts: SplitResult, options: dict[str, Any]) -> redis.Redis:
    database = parse_qs(parts.query).get("virtual_host", ["0"])[0].lstrip("/")
    return redis.Redis(unix_socket_path=unquote(parts.path), db=int(database or 0), **options)


def _of_sentinels(address: SentinelAddress, options: dict[str, Any]) -> redis.Redis:
    watched: Any = Sentinel(address.nodes, sentinel_kwargs=SENTINEL_OPTIONS)  # type: ignore[no-untyped-call]
    client: redis.Redis = watched.master_for(
        address.master,
        redis_class=redis.Redis,
        connection_class=MasterConnection,
        username=address.username,
        password=address.password,
        db=address.database,
        socket_keepalive=True,
        **options,
    )
    return client


def _of_cluster(url: str, options: dict[str, Any]) -> redis.Redis:
    """The nodes of the list are asked for the others; what else the first URL says holds for all."""
    first, *others = url.replace("+cluster://", "://").split(";")
    node: Any = ClusterNode
    nodes = [node(other.hostname, other.port or REDIS_PORT) for other in map(urlsplit, others)]
    return cast("redis.Redis", Cluster(url=first, startup_nodes=nodes, socket_keepalive=True, **options))
