"""When does a request leave, and when is its answer late? A transport for each thread, watched at its socket.

A permit under a limit is good for its moment only. So it is asked for when everything else is done: the connection
stands, the request is built, and the next thing that happens is its first byte on the wire.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import httpcore
import httpx

JUST_READ_S = 0.001  # an answer's last byte is no older when its connection is put back


def exchange(
    request: httpx.Request,
    permit: Callable[[], None],
    *,
    deadline_s: float,
    max_answer_bytes: int,
    uploads: bool = False,
) -> tuple[int, dict[str, str], bytes]:
    """Send a request and read its answer whole: status, headers with names in lower case, body.

    ``permit`` is called right before the first byte; what it raises leaves nothing sent. Raises httpx's errors, also
    when the answer is too large, or not whole ``deadline_s`` after the beginning: after the last byte sent, where
    the request ``uploads`` a body of any length.
    """
    transport, wire = _transport()
    wire.expect(deadline_s, permit, uploads=uploads)
    response = transport.handle_request(request)
    response.request = request
    try:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > max_answer_bytes:
                raise httpx.DecodingError(f"the answer is larger than {max_answer_bytes} bytes", request=request)
        return response.status_code, dict(response.headers), bytes(body)
    finally:
        response.close()


class _Wire(httpcore.NetworkBackend):
    """Asks for the permit before a request's first byte, and gives every socket operation only the time that is left.

    httpx's own timeouts are per operation: a server that sends one byte every 29 s would never end.
    """

    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner
        self._at = self._s = 0.0
        self._permit: Callable[[], None] | None = None
        self._uploads = False

    def expect(self, deadline_s: float, permit: Callable[[], None], *, uploads: bool) -> None:
        """Make ready for the next request."""
        self._s, self._at = deadline_s, time.monotonic() + deadline_s
        self._permit, self._uploads = permit, uploads

    def before_write(self) -> None:
        """Wait for the permit, once a request. What it raises leaves the connection closed and nothing sent."""
        permit, self._permit = self._permit, None
        if permit is not None:
            permit()

    def after_write(self) -> None:
        """An upload is late only when nothing moves any more."""
        if self._uploads:
            self._at = time.monotonic() + self._s

    def left(self, error: type[Exception]) -> float:
        left = self._at - time.monotonic()
        if left <= 0:
            raise error(f"no whole answer within {self._s:g} s")
        return left

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline leads
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = self.left(httpcore.ConnectTimeout)
        return _WireStream(self._inner.connect_tcp(host, port, left, local_address, socket_options), self)


class _WireStream(httpcore.NetworkStream):
    """Reads and writes with few system calls, each of which is a change of threads.

    httpcore's own stream sets the socket's timeout anew each time. (Through a proxy by TLS, with TLS within, the socket
    would be the outer one's: this transport has no proxy.)
    """

    def __init__(self, inner: httpcore.NetworkStream, wire: _Wire) -> None:
        self._inner, self._wire = inner, wire
        self._socket = inner.get_extra_info("socket")
        self._read_at = 0.0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline leads
        self._wait_at_most(self._wire.left(httpcore.ReadTimeout))
        try:
            got = bytes(self._socket.recv(max_bytes))
        except TimeoutError as error:
            raise httpcore.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error
        self._read_at = time.monotonic()
        return got

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the deadline leads
        self._wire.before_write()
        while buffer:
            self._wait_at_most(self._wire.left(httpcore.WriteTimeout))
            try:
                buffer = buffer[self._socket.send(buffer) :]
            except TimeoutError as error:
                raise httpcore.WriteTimeout(str(error)) from error
            except OSError as error:
                raise httpcore.WriteError(str(error)) from error
            self._wire.after_write()

    def _wait_at_most(self, left_s: float) -> None:
        """Give the socket's next operation so long, to within a hundredth."""
        if abs((self._socket.gettimeout() or 0.0) - left_s) > left_s / 100:
            self._socket.settimeout(left_s)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the deadline leads
    ) -> httpcore.NetworkStream:
        left = self._wire.left(httpcore.ConnectTimeout)
        return _WireStream(self._inner.start_tls(ssl_context, server_hostname, left), self._wire)

    def get_extra_info(self, info: str) -> Any:
        """As the inner stream says, but for one look at the socket, right after an answer's last byte.

        httpcore asks whether the server has closed the connection when it puts it back, and when it takes it again.
        """
        if info == "is_readable":
            was_just_read, self._read_at = time.monotonic() - self._read_at < JUST_READ_S, 0.0
            if was_just_read:
                return False
        return self._inner.get_extra_info(info)


_of_thread = threading.local()


def _transport() -> tuple[httpx.HTTPTransport, _Wire]:
    """One for each thread: a shared pool scans its connections under one lock, which 64 threads feel.

    A client around it would follow redirects and keep cookies, which no provider wants, and costs as much again.
    """
    if not hasattr(_of_thread, "transport"):
        transport = httpx.HTTPTransport(verify=_tls(), limits=httpx.Limits(max_connections=4))
        pool = transport._pool  # noqa: SLF001 - httpx 0.28 has no public place for a network backend
        wire = pool._network_backend = _Wire(pool._network_backend)  # noqa: SLF001
        _of_thread.transport, _of_thread.wire = transport, wire
    return _of_thread.transport, _of_thread.wire


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()
