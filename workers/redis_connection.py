"""How does a command wait for a Redis? In the kernel, which is told for how long.

redis-py leaves the time-outs to Python, which then waits before it writes, and before it reads: four system calls that
let other threads run, each of which costs a busy worker a change of threads, and its way back. Here two are left.
"""

from __future__ import annotations

import socket
import struct
from typing import Any

import redis
from redis.sentinel import SentinelManagedConnection

_AT_ONCE = 64 * 1024  # bytes: so many are written in a piece or two


class _Socket(socket.socket):
    """Has its time-outs in the kernel, and says that it is late as Python's do. A signal begins a wait anew."""

    _seconds: float | None = None

    def settimeout(self, value: float | None) -> None:
        """In seconds; None: for ever."""
        super().settimeout(None)
        self._seconds = value
        kernels = struct.pack("@ll", *divmod(0 if value is None else max(1, round(value * 1_000_000)), 1_000_000))
        self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, kernels)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, kernels)

    def recv_into(self, *args: Any) -> int:
        try:
            return super().recv_into(*args)
        except BlockingIOError:
            raise TimeoutError("timed out") from None

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        if len(data) > _AT_ONCE:  # the kernel's time begins anew with each piece
            super().settimeout(self._seconds)
        try:
            super().sendall(data, flags)
        except BlockingIOError:
            raise TimeoutError("timed out") from None
        finally:
            if len(data) > _AT_ONCE:
                super().settimeout(None)


class _WaitsInTheKernel:
    """What both connections have in common."""

    socket_timeout: float | None

    def _connect(self) -> _Socket:
        opened = _Socket(fileno=super()._connect().detach())  # type: ignore[misc]  # redis-py's connection comes after
        opened.settimeout(self.socket_timeout)
        return opened


class Connection(_WaitsInTheKernel, redis.Connection):
    """To one server, without TLS."""


class MasterConnection(_WaitsInTheKernel, SentinelManagedConnection):
    """To the master that Sentinels name."""

    def read_response(self, *args: Any, **options: Any) -> Any:
        """Read one answer. What keeps it from being read closes the connection, unless the caller says otherwise.

        That of redis-py 8.1 stays open after a timeout where the command is not tried again, and gives the late answer
        to the next command (redis-py#4292).
        """
        return super().read_response(*args, **{"disconnect_on_error": True, **options})
