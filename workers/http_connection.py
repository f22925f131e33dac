"""How does one HTTP/1.1 exchange go over a socket? Written in one piece, and read by llhttp, the parser of Node.js.

Errors are httpx's. Its own way to the socket, httpcore and h11, is Python all along, and was a large part of what a
job cost.
"""

from __future__ import annotations

import ctypes
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import httptools
import httpx

from workers.http_request import Request

READ_BYTES = 64 * 1024
UNFOLDED_BYTES = 1024  # so many at a time: compressed ones may be a thousand times what they look


class Deadline:
    """The moment at which an answer is late. It moves on with an upload, which may take as long as its bytes move."""

    def __init__(self, s: float) -> None:
        self._s = s
        self.move_on()

    def move_on(self) -> None:
        self._at = time.monotonic() + self._s

    def left_s(self, late: type[httpx.TimeoutException]) -> float:
        """Seconds that are left. Raises ``late`` where none are."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise late(f"no whole answer within {self._s:g} s")
        return left


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    """Names in lower case; what came several times is one value, with commas (RFC 9110, 5.3)."""
    body: bytes


class Connection:
    """To one server, for one request after the other. Closed with the last reference: a thread's end is enough."""

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened
        opened.settimeout(0.0)
        self._reading = _Reading()
        self._answered_at = time.monotonic()
        self._has_answered = self._is_sent = False
        self.is_free = True
        """Whether another request may go over it; if not, it is to be closed."""

    def close(self) -> None:
        self._socket.close()

    __del__ = close

    def idle_s(self) -> float:
        """Seconds since its last answer."""
        return time.monotonic() - self._answered_at

    def is_readable(self) -> bool:
        """Whether the server has sent something. Between two requests that can only be that it closes."""
        return bool(_libc.poll(_PollFd(self._socket.fileno(), select.POLLIN, 0), 1, 0))

    def send(self, request: Request, permit: Callable[[], None], deadline: Deadline, *, uploads: bool) -> None:
        """Send a request, once there is a permit; what that raises leaves nothing sent.

        A server that reads no more of the body may have said why: that is left to who reads the answer.
        """
        pieces = request.pieces()
        piece: bytes | None = next(pieces)
        permit()
        deadline.left_s(httpx.ConnectTimeout)  # the permit may have been long in coming
        self.is_free = self._is_sent = False
        if self._has_answered and self.is_readable():  # a new one may be: TLS 1.3 has the server speak first
            raise httpx.ConnectError("the server closed the connection before the request left")
        while piece is not None and self._write(piece, deadline, uploads=uploads):
            piece = next(pieces, None)
        self._is_sent = piece is None

    def _write(self, piece: bytes, deadline: Deadline, *, uploads: bool) -> bool:
        """False: the server reads no more."""
        while piece:
            left_s = deadline.left_s(httpx.WriteTimeout)
            try:
                piece = piece[self._socket.send(piece) :]
            except _NOT_NOW as now:
                self._wait(_awaited(now, select.POLLOUT), left_s)
            except OSError:
                return False
            else:
                if uploads:
                    deadline.move_on()
        return True

    def receive(self, deadline: Deadline, max_bytes: int) -> Reply:
        """Read the answer to what was sent, of so many bytes at most."""
        try:
            return self._receive(self._reading, deadline, max_bytes)
        finally:
            self._reading.begin()  # a body may be large, and the next one far

    def _receive(self, reading: _Reading, deadline: Deadline, max_bytes: int) -> Reply:
        left = max_bytes
        self._wait(select.POLLIN, deadline.left_s(httpx.ReadTimeout))  # it never is there at once
        while not reading.is_whole:
            left_s = deadline.left_s(httpx.ReadTimeout)
            try:
                data = self._socket.recv(READ_BYTES)
            except _NOT_NOW as now:
                self._wait(_awaited(now, select.POLLIN), left_s)
                continue
            except OSError as error:
                raise httpx.ReadError(str(error)) from error
            left -= len(data)
            if left < 0:
                raise _too_large(max_bytes)
            reading.read(data)
        self._answered_at, self._has_answered = time.monotonic(), True
        self.is_free = reading.stays and self._is_sent
        return Reply(reading.status, reading.headers, _decoded(reading, max_bytes))

    def _wait(self, event: int, at_most_s: float) -> None:
        poll = select.poll()
        poll.register(self._socket, event)
        poll.poll(at_most_s * 1000)


# Each system call that lets other threads run costs a busy worker a change of threads, and its way back. So a socket is
# not waited for before it is written to, and whether it can be read is asked without letting go of Python's lock.
_libc = ctypes.PyDLL(None)


class _PollFd(ctypes.Structure):
    _fields_ = (("fd", ctypes.c_int), ("events", ctypes.c_short), ("revents", ctypes.c_short))


_libc.poll.argtypes = (ctypes.POINTER(_PollFd), ctypes.c_ulong, ctypes.c_int)

_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def _awaited(why: OSError, event: int) -> int:
    """What to wait for: to read TLS may have to write first, and the other way round."""
    if isinstance(why, ssl.SSLError):
        return select.POLLIN if isinstance(why, ssl.SSLWantReadError) else select.POLLOUT
    return event


def _decoded(reading: _Reading, max_bytes: int) -> bytes:
    """The body; a server may compress it unasked (RFC 9110, 12.5.3)."""
    coding = reading.headers.get("content-encoding")
    if coding is None:
        return bytes(reading.body)
    if "," in coding:
        raise httpx.DecodingError("the answer is compressed more than once")
    headers, body = [(b"content-encoding", coding.encode("latin-1"))], bytearray()
    for piece in httpx.Response(200, headers=headers, stream=_Pieces(reading.body)).iter_bytes():
        body += piece
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    return bytes(body)


class _Pieces(httpx.SyncByteStream):
    """A compressed body, so that what it unfolds to is cut off before it fills the memory."""

    def __init__(self, body: bytearray) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._body), UNFOLDED_BYTES):
            yield bytes(self._body[start : start + UNFOLDED_BYTES])


def _too_large(max_bytes: int) -> httpx.DecodingError:
    return httpx.DecodingError(f"the answer is larger than {max_bytes} bytes")


class _Reading:
    """One answer after the other, as the bytes come. The parser calls what begins with ``on_``."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        # What servers do, and no reader takes for anything else.
        self._parser.set_dangerous_leniencies(
            lenient_chunked_length=True, lenient_spaces_after_chunk_size=True, lenient_optional_cr_before_lf=True
        )
        self.begin()

    def begin(self) -> None:
        """Await the next one."""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.is_whole = self.stays = self._has_head = False

    def read(self, data: bytes) -> None:
        """Read on. No bytes: the server has closed. Raises ``httpx.RemoteProtocolError`` for what is no answer."""
        if not data:
            self._read_end()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self.is_whole:
                raise httpx.RemoteProtocolError(f"this is no HTTP answer: {error}") from error
            self.stays = False  # what is wrong came after the answer

    def _read_end(self) -> None:
        """Only an answer that says nothing of its length ends with the connection (RFC 9112, 6.3)."""
        if not self._has_head or self.headers.keys() & {"transfer-encoding", "content-length"}:
            raise httpx.RemoteProtocolError("the server closed the connection before its answer was whole")
        self.is_whole = True

    def on_message_begin(self) -> None:
        if self.is_whole:
            raise ValueError("nobody asked for another answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._has_head:  # else it comes after a chunked body, and says nothing of the answer
            key, text = name.decode("latin-1").lower(), value.strip().decode("latin-1")
            self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        self._has_head, self.status = True, self._parser.get_status_code()
        coding = self.headers.get("transfer-encoding", "chunked")
        if self.status < httpx.codes.CONTINUE or coding.lower() != "chunked":
            raise ValueError(f"status {self.status}, transfer-encoding {coding}")
        both = {"transfer-encoding", "content-length"} <= self.headers.keys()  # its next reader may count otherwise
        self._keeps = self._parser.should_keep_alive() and not both

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        if self.status < httpx.codes.OK:
            self.begin()  # an interim answer: the real one follows (RFC 9110, 15.2)
        else:
            self.is_whole, self.stays = True, self._keeps
