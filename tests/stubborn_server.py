"""What answers a fuzzed request? A real HTTP server that says what it is told, over and over, whatever is asked."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


@dataclass(frozen=True)
class Told:
    """One answer. ``{server}`` in its body is the server's own address."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class StubbornServer:
    """Answers in turn, from the first again after the last, and closes the connection each time."""

    def __init__(self) -> None:
        self._answers, self._next = [Told(b"")], 0
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads, self._http.block_on_close = True, False
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def play(self, answers: list[Told]) -> None:
        """Answer these from now on."""
        self._answers, self._next = answers, 0

    def _take(self) -> Told:
        self._next += 1
        return self._answers[(self._next - 1) % len(self._answers)]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        ours = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                self.close_connection = True
                if not self.raw_requestline or not self.parse_request():
                    return
                self.rfile.read(int(self.headers.get("content-length") or 0))
                told = ours._take()
                body = told.body.replace(b"{server}", ours.url.encode())
                lines = [f"HTTP/1.1 {told.status} X", "Connection: close", f"Content-Length: {len(body)}"]
                lines += [f"{name}: {value}" for name, value in told.headers.items()]
                self.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
