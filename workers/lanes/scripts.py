"""How does a script run? By its file's name, with what all of them share in front, cached by the server."""

from __future__ import annotations

import threading
from functools import cache
from importlib.resources import files
from typing import Any, cast
from weakref import WeakKeyDictionary

import redis
from redis.commands.core import Script


def run(client: redis.Redis, script: str, partition: str, *args: Any) -> Any:
    """Run ``lua/<script>.lua`` on the keys of one partition."""
    return run_text(client, text(script), partition, *args)


def run_text(client: redis.Redis, written: str, partition: str, *args: Any) -> Any:
    """Run a script of another room, given as its text."""
    try:
        return _script(written)(keys=[partition], args=args, client=_own(client))
    except (redis.ConnectionError, redis.TimeoutError):
        _forget(client)
        raise


@cache
def text(name: str) -> str:
    """The text of a script."""
    return shared() + (files("workers.lanes") / "lua" / f"{name}.lua").read_text()


@cache
def shared() -> str:
    """What stands in front of every script."""
    folder = files("workers.lanes") / "lua"
    return "".join((folder / f"{name}.lua").read_text() for name in ("lane", "dead", "foreign"))


@cache
def _script(written: str) -> Script:
    """Its digest is reckoned once, not at every call."""
    return redis.Redis().register_script(written)  # which connects to nothing: each call brings its own client


_of_thread = threading.local()
_losses: WeakKeyDictionary[redis.Redis, int] = WeakKeyDictionary()
"""How often a client's server did not answer one of its connections: no other that stands then is trusted."""


def _own(client: redis.Redis) -> redis.Redis:
    """The client on a connection of this thread's own.

    A pool tests a connection each time it lends it, which takes four more system calls than the command itself; with
    many threads each of those is a change of threads.
    """
    if type(client) is not redis.Redis:  # a pipeline sends later, a cluster chooses the connection itself
        return client
    if not hasattr(_of_thread, "clients"):
        _of_thread.clients = WeakKeyDictionary[redis.Redis, tuple[int, redis.Redis]]()
    clients: WeakKeyDictionary[redis.Redis, tuple[int, Any]] = _of_thread.clients
    losses, (at, own) = _losses.get(client, 0), clients.get(client, (0, None))
    if own is None or at != losses:
        if own is not None:
            own.connection.disconnect()  # else it would go back to the pool, and be lent again
        own = client.client()  # type: ignore[no-untyped-call]  # redis-py has none here
        clients[client] = losses, own
    return cast("redis.Redis", own)


def _forget(client: redis.Redis) -> None:
    """Have every thread take a new connection next time.

    A host that is gone without a word leaves each of them waiting for an answer, one after the other; and redis-py 8.1
    may leave this thread's locked, where its master is gone.
    """
    _losses[client] = _losses.get(client, 0) + 1
