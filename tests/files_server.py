"""A file server on loopback: it answers each path as the test says, well or badly, and keeps what it was asked."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

MIB = 1024 * 1024
CONTENT = b"device\n" * 200_000
Answer = Callable[[BaseHTTPRequestHandler], Any]


class FileServer:
    """By https:// with ``tls``, else by http://."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[BaseHTTPRequestHandler] = []
        self.left = threading.Event()
        """Set when a client went before it had its whole answer."""
        self.closing = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self.port = self._http.server_port
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self.closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, server: FileServer, *args: Any) -> None:
        self.of = server
        super().__init__(*args)

    def do_GET(self) -> None:
        self.of.asked.append(self)
        self.close_connection = True
        try:
            self.of.answers[unquote(self.path.partition("?")[0])](self)
        except OSError:
            self.of.left.set()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def answer(status: int = 200, body: bytes = CONTENT, length: int | None = None, **headers: str) -> Answer:
    """An answer in one piece; its Content-Length is that of the body unless told."""

    def send(to: BaseHTTPRequestHandler) -> None:
        to.send_response(status)
        for name, value in headers.items():
            to.send_header(name.replace("_", "-"), value)
        to.send_header("Content-Length", str(len(body) if length is None else length))
        to.end_headers()
        to.wfile.write(body)

    return send


def raw(text: bytes) -> Answer:
    """These bytes, and then the end of the connection."""
    return lambda to: to.wfile.write(text)


def zeros(pieces: int, **headers: str) -> Answer:
    """That many MiB of zeros."""

    def send(to: BaseHTTPRequestHandler) -> None:
        answer(body=b"", length=pieces * MIB, **headers)(to)
        for _ in range(pieces):
            to.wfile.write(bytes(MIB))

    return send


def stalled(**headers: str) -> Answer:
    """A first piece, and then nothing until the server is closed."""

    def send(to: _Handler) -> None:
        answer(length=len(CONTENT) + 1, **headers)(to)
        to.of.closing.wait()

    return send
