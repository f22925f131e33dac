"""When does a request leave, and over which connection? Each thread has its own, watched at its socket.

A permit under a limit is good for its moment only. So it is asked for when everything else is done: the connection
stands, the request is built, and the next thing that happens is its first byte on the wire.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from functools import cache

import httpx

from workers.http_connection import Connection, Deadline, Reply
from workers.http_request import Address, Request

KEPT = 4  # servers whose connections a thread keeps
KEPT_IDLE_S = 5.0  # a server that closes an idle connection while a request is on its way leaves its outcome unknown


def exchange(
    request: Request,
    permit: Callable[[], None],
    *,
    deadline_s: float,
    max_answer_bytes: int,
    uploads: bool = False,
) -> Reply:
    """Send a request and read its answer whole.

    ``permit`` is called right before the first byte; what it raises leaves nothing sent. Raises httpx's errors, also
    when the answer is too large, or not whole ``deadline_s`` after the beginning: after the last byte sent, where
    the request ``uploads`` a body of any length.
    """
    kept, deadline = _of_thread.kept, Deadline(deadline_s)
    address = request.address
    connection = _usable(kept.pop(address.origin, None)) or Connection(_connected(address, deadline))
    try:
        connection.send(request, permit, deadline, uploads=uploads)
        return connection.receive(deadline, max_answer_bytes)
    finally:
        if connection.is_free:
            kept[address.origin] = connection
            if len(kept) > KEPT:
                kept.pop(next(iter(kept))).close()  # whose last answer is the oldest
        else:
            connection.close()


class _OfThread(threading.local):
    """A shared pool would look through its connections under one lock, which 64 threads feel."""

    def __init__(self) -> None:
        self.kept: dict[str, Connection] = {}


_of_thread = _OfThread()


def _usable(connection: Connection | None) -> Connection | None:
    if connection is None or (connection.idle_s() < KEPT_IDLE_S and not connection.is_readable()):
        return connection
    connection.close()
    return None


def _connected(address: Address, deadline: Deadline) -> socket.socket:
    opened = None
    try:
        opened = socket.create_connection((address.host, address.port), deadline.left_s(httpx.ConnectTimeout))
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not address.is_secure:
            return opened
        opened.settimeout(deadline.left_s(httpx.ConnectTimeout))
        return _tls().wrap_socket(opened, server_hostname=address.host)
    except (OSError, UnicodeError, httpx.ConnectTimeout) as error:  # UnicodeError: a part of the name is too long
        if opened is not None:
            opened.close()
        if isinstance(error, httpx.ConnectTimeout):
            raise
        late = isinstance(error, TimeoutError)
        raise (httpx.ConnectTimeout if late else httpx.ConnectError)(str(error)) from error


@cache
def _tls() -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
