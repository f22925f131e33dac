"""What plays the provider in a contract case? A real HTTP server on loopback that answers as recorded."""

from __future__ import annotations

import json
import socket
import struct
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from cases import body_of


@dataclass(frozen=True)
class Arrived:
    """A request as it arrived."""

    method: str
    path: str
    params: list[list[str]]
    headers: dict[str, str]
    body: bytes
    target: str
    """Path and query as they stood in the request."""

    @property
    def json(self) -> Any:
        """The body as a value; None where there was none."""
        return json.loads(self.body) if self.body else None


class RecordedServer:
    """Answers the given answers in order, once each, and keeps what arrived."""

    def __init__(self) -> None:
        self.arrived: list[Arrived] = []
        self.answers: list[dict[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads, self._server.block_on_close = True, False
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def play(self, answers: list[dict[str, Any]]) -> None:
        """Forget what was, and answer these next."""
        self.arrived, self.answers = [], list(answers)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        ours = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # headers and body leave together

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                url = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                params = [list(pair) for pair in parse_qsl(url.query, keep_blank_values=True)]
                headers = {name.lower(): value for name, value in self.headers.items()}
                ours.arrived.append(Arrived(self.command, url.path, params, headers, body, self.path))
                self._answer(ours.answers.pop(0) if ours.answers else {"status": 599, "body": "not recorded"})

            def _answer(self, answer: dict[str, Any]) -> None:
                if answer.get("reset"):
                    # Linger of zero: the close is a reset, not an orderly end.
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.close_connection = True
                    return
                body = body_of(answer).replace(b"{server}", ours.url.encode())
                self.send_response_only(answer["status"])
                for name, value in {"Content-Length": str(len(body)), **answer.get("headers", {})}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
                self.wfile.flush()

            def log_message(self, *_: object) -> None:
                pass

        return Handler
