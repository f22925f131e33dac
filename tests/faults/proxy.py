"""How does a network go wrong? Through a proxy of one port: slow, or cut and refused until it is mended."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

from real import free_port

CHUNK = 65536
SO_TIMESTAMPNS = 35  # Linux: the kernel's time of arrival comes with the bytes (socket(7)); Python has no name for it
_TIMESPEC = struct.Struct("@ll")
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: closing sends a reset

See = Callable[[bytes, float], None]
"""Told what a client sent, and when the kernel had it (seconds since the epoch), before any delay."""


class Proxy:
    """Carries every connection to its port on loopback to another one, in a thread of its own."""

    def __init__(self, to_port: int, see: See = lambda _data, _at: None) -> None:
        self.port, self.delay_s = free_port(), 0.0
        self._to_port, self._see = to_port, see
        self._carried: set[asyncio.Task[None]] = set()
        self._accepting: asyncio.Task[None] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.mend()

    def mend(self) -> None:
        """Take connections (again)."""
        self._do(self._open())

    def cut(self) -> None:
        """Reset every connection, and refuse new ones."""
        self._do(self._shut())

    def close(self) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _open(self) -> None:
        door = socket.create_server(("127.0.0.1", self.port), backlog=512)
        door.settimeout(0)
        self._accepting = self._loop.create_task(self._accept(door))

    async def _shut(self) -> None:
        tasks = [*self._carried, *filter(None, [self._accepting])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._accepting = None

    async def _accept(self, door: socket.socket) -> None:
        with door:
            while True:
                await self._readable(door)
                with contextlib.suppress(BlockingIOError):
                    client, _ = door.accept()  # at once: a wait that is cancelled would leave a client to nobody
                    self._start_carrying(client)

    def _start_carrying(self, client: socket.socket) -> None:
        task = self._loop.create_task(self._carry(client))
        self._carried.add(task)
        task.add_done_callback(self._carried.discard)
        task.add_done_callback(lambda _: client.close())  # also if it was cut before it began

    async def _carry(self, client: socket.socket) -> None:
        with client, socket.socket() as server:
            for each in (client, server):
                each.settimeout(0)
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                await self._loop.sock_connect(server, ("127.0.0.1", self._to_port))
                await self._both_ways(client, server)
            except (OSError, asyncio.CancelledError):
                for each in (client, server):
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    async def _both_ways(self, client: socket.socket, server: socket.socket) -> None:
        """Until either side ends; what it had said before has been passed on by then."""
        if sys.platform == "linux":
            client.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        ways = [
            self._loop.create_task(self._pass_on(client, server, self._see)),
            self._loop.create_task(self._pass_on(server, client, lambda _data, _at: None)),
        ]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            done.pop().result()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass_on(self, source: socket.socket, sink: socket.socket, see: See) -> None:
        while True:
            data, at = await self._receive(source)
            if not data:
                return
            see(data, at)
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            await self._loop.sock_sendall(sink, data)

    async def _receive(self, source: socket.socket) -> tuple[bytes, float]:
        while True:
            with contextlib.suppress(BlockingIOError):
                data, ancillary, _, _ = source.recvmsg(CHUNK, 128)
                return data, _arrived_at(ancillary)
            await self._readable(source)

    async def _readable(self, source: socket.socket) -> None:
        readable = asyncio.Event()
        self._loop.add_reader(source, readable.set)
        try:
            await readable.wait()
        finally:
            self._loop.remove_reader(source)


def _arrived_at(ancillary: list[tuple[int, int, bytes]]) -> float:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            return float(seconds + nanoseconds / 1e9)
    return time.time()
