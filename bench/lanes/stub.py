"""A provider that does next to nothing: it answers PubMatic's "get one audience", and writes down when it was asked.

Runs as a process of its own, ``python -m bench.lanes.stub``, and prints its port. An entry of its ledger is the moment
at which a request was read off its socket (CLOCK_MONOTONIC, which all processes of a machine share), the token of its
account, the number that it asked for, and the status of the answer.

- ``GET /_ledger`` hands out the ledger and begins a new one; ``cpu_s`` is the processor time of the stub so far.
- ``GET /_delay/100`` has every audience from then on answered 100 ms after its request.
- ``GET /_throttle`` has the next request answered with 429 and ``Retry-After: 5``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import time
from dataclasses import dataclass, field

RETRY_AFTER_S = 5
_NUMBER = re.compile(rb"GET /v1/audience/audiences/(\d+)")
_DELAY = re.compile(rb"GET /_delay/(\d+)")
_TOKEN = re.compile(rb"\r\npubtoken: ([^\r]*)\r\n", re.IGNORECASE)


@dataclass
class State:
    """What all connections share."""

    ledger: list[tuple[float, str, int, int]] = field(default_factory=list)
    throttles: bool = False
    delay_s: float = 0.0


class Connection(asyncio.Protocol):
    """One connection. A request has no body, and its client waits for the answer before it sends the next."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        at = time.monotonic()
        self._read += data
        if self._read.endswith(b"\r\n\r\n"):
            request, self._read = self._read, b""
            number, token = _NUMBER.match(request), _TOKEN.search(request)
            if number and token:
                self._write_later(self._audience(at, token[1].decode(), int(number[1])))
            else:
                self._transport.write(self._control(request))

    def _write_later(self, answer: bytes) -> None:
        if self._state.delay_s:
            asyncio.get_running_loop().call_later(self._state.delay_s, self._transport.write, answer)
        else:
            self._transport.write(answer)

    def _control(self, request: bytes) -> bytes:
        if delay := _DELAY.match(request):
            self._state.delay_s = int(delay[1]) / 1000
            return _http("204 No Content")
        if request.startswith(b"GET /_throttle"):
            self._state.throttles = True
            return _http("204 No Content")
        if request.startswith(b"GET /_ledger"):
            entries, self._state.ledger = self._state.ledger, []
            return _http("200 OK", json.dumps({"entries": entries, "cpu_s": time.process_time()}).encode())
        return _http("404 Not Found")

    def _audience(self, at: float, token: str, number: int) -> bytes:
        throttled, self._state.throttles = self._state.throttles, False
        self._state.ledger.append((at, token, number, 429 if throttled else 200))
        if throttled:
            return _http("429 Too Many Requests", more=f"Retry-After: {RETRY_AFTER_S}\r\n")
        return _http("200 OK", b'{"id":%d,"name":"Audience %d"}' % (number, number))


def _http(status: str, body: bytes = b"", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


async def serve() -> None:
    """Serve on a free port of the loopback, until the process is ended."""
    with contextlib.suppress(PermissionError):
        os.nice(-10)  # on a busy machine a clock must not wait for its turn; without the right it is one like others
    state = State()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(state), "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
