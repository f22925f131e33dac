"""How does a request reach a provider? One client: a permit each, a deadline, and transport errors as outcomes.

A permit under a limit is good for its moment only. So it is asked for when everything else is done: the connection
stands, the request is built, and the next thing that happens is its first byte on the wire.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache, cached_property
from typing import Any

import httpcore
import httpx

from workers.outcome import AttemptEnded, Said, Unavailable, Unknown

REQUEST_DEADLINE_S = 30.0  # the wire contract: one HTTP request takes at most 30 s in all
MAX_ANSWER_BYTES = 32 * 1024 * 1024  # a full page of audiences is about 1 MB

# Where each of httpx's transport errors leaves the request. Not listed: it may have been applied.
SURELY_NOT_SENT: tuple[type[httpx.RequestError], ...] = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
MAY_HAVE_ARRIVED: tuple[type[httpx.RequestError], ...] = (
    httpx.ReadTimeout,
    httpx.WriteTimeout,
    httpx.ReadError,
    httpx.WriteError,
    httpx.CloseError,
    httpx.RemoteProtocolError,
    httpx.LocalProtocolError,
    httpx.DecodingError,
    httpx.TooManyRedirects,
)
_NOT_SENT: tuple[type[Exception], ...] = (*SURELY_NOT_SENT, httpx.InvalidURL)


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, read whole. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def json(self) -> Any:
        """The body as JSON; None where it is not JSON (no provider answers a bare ``null``).

        Nor is it where an event could not carry it: NaN, a number beyond all bounds, half a surrogate pair.
        """
        try:
            value = json.loads(self.body)
            json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        except (ValueError, RecursionError):
            return None
        return value

    def retry_after_s(self) -> float | None:
        """``Retry-After`` in seconds from now, given as seconds or as a date (RFC 9110, 10.2.3)."""
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return float(text[:9])
        try:
            until = parsedate_to_datetime(text)
            sent = parsedate_to_datetime(self.headers["date"]) if "date" in self.headers else datetime.now(UTC)
            return max(0.0, (until - sent).total_seconds())
        except (ValueError, TypeError):
            return None


Permit = Callable[[bool], None]
"""Waits for the right to send one request now; told whether it changes something. Raises ``AttemptEnded``, or
``NotYet`` where it would have to wait for long."""


class NotYet(Exception):  # noqa: N818 - not an error
    """No permit for a while: the request is built anew then, with a fresh signature."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


LONGEST_WAIT_S = 5.0  # then it is asked again, since the worker may be about to end


@dataclass
class Call:
    """One attempt's way to its provider. Every request spends a permit."""

    account: Any
    """The account's settings, of the provider's own account model."""
    base_url: str
    permit: Permit
    secrets: set[str] = field(default_factory=set)
    """Values that must never be shown; an adapter adds each one it reads."""
    deadline_s: float = REQUEST_DEADLINE_S
    """How long one request may take, from connecting to the last byte of its answer."""

    def request(
        self,
        method: str,
        path: str,
        *,
        changes: bool,
        headers: Callable[[], Mapping[str, str]],
        params: Iterable[tuple[str, str]] = (),
        body: Any = None,
    ) -> Answer:
        """Send one request and return its answer, whatever the status.

        ``changes``: it may change something at the provider and is not safe to repeat, so that a lost answer
        ends the attempt as ``Unknown`` and not as ``Unavailable``. ``headers`` is called right before sending, so
        that a signature carries that time. ``body`` is sent as JSON. Raises ``AttemptEnded`` when there is no
        answer, or no permit in time.
        """
        while True:
            try:
                request = httpx.Request(
                    method,
                    self.base_url.rstrip("/") + path,
                    params=list(params) or None,
                    headers=dict(headers()),
                    content=None if body is None else json.dumps(body, ensure_ascii=False).encode(),
                )
                return self._exchange(request, changes=changes)
            except NotYet as later:
                time.sleep(min(later.wait_s, LONGEST_WAIT_S))

    def _exchange(self, request: httpx.Request, *, changes: bool) -> Answer:
        try:
            return _exchange(request, self.deadline_s, lambda: self.permit(changes))
        except _NOT_SENT as error:
            raise AttemptEnded(Unavailable(Said(f"no connection to the provider: {_reason(error)}"))) from error
        except httpx.RequestError as error:
            said = Said(f"the answer was lost: {_reason(error)}")
            raise AttemptEnded(Unknown(said) if changes else Unavailable(said)) from error


def _reason(error: Exception) -> str:
    return f"{type(error).__name__} ({error})" if str(error) else type(error).__name__


def _exchange(request: httpx.Request, deadline_s: float, permit: Callable[[], None]) -> Answer:
    client, wire = _client()
    wire.expect(deadline_s, permit)
    response = client.send(request, stream=True)
    try:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise httpx.DecodingError(f"the answer is larger than {MAX_ANSWER_BYTES} bytes", request=request)
        return Answer(response.status_code, dict(response.headers), bytes(body))
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

    def expect(self, deadline_s: float, permit: Callable[[], None]) -> None:
        """Make ready for the next request."""
        self._s, self._at = deadline_s, time.monotonic() + deadline_s
        self._permit = permit

    def before_write(self) -> None:
        """Wait for the permit, once a request. What it raises leaves the connection closed and nothing sent."""
        permit, self._permit = self._permit, None
        if permit is not None:
            permit()

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
    def __init__(self, inner: httpcore.NetworkStream, wire: _Wire) -> None:
        self._inner, self._wire = inner, wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._inner.read(max_bytes, self._wire.left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._wire.before_write()
        self._inner.write(buffer, self._wire.left(httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        context: ssl.SSLContext,
        host: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the deadline leads
    ) -> httpcore.NetworkStream:
        left = self._wire.left(httpcore.ConnectTimeout)
        return _WireStream(self._inner.start_tls(context, host, left), self._wire)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


_of_thread = threading.local()


def _client() -> tuple[httpx.Client, _Wire]:
    """A client for each thread: a shared pool scans its connections under one lock, which 64 threads feel."""
    if not hasattr(_of_thread, "client"):
        transport = httpx.HTTPTransport(verify=_tls(), limits=httpx.Limits(max_connections=4))
        pool = transport._pool  # noqa: SLF001 - httpx 0.28 has no public place for a network backend
        wire = pool._network_backend = _Wire(pool._network_backend)  # noqa: SLF001
        _of_thread.client = httpx.Client(transport=transport, timeout=REQUEST_DEADLINE_S, trust_env=False)
        _of_thread.wire = wire
    return _of_thread.client, _of_thread.wire


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()
