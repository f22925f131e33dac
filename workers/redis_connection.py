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


class _Socket(socket.socket):
    """The kernel's time-outs say that nothing is there now; this says that it is late, as Python's do."""

    def recv_into(self, *args: Any) -> int:
        try:
            return super().recv_into(*args)
        except BlockingIOError:
            raise TimeoutError("timed out") from None

    def sendall(self, *args: Any) -> None:
        try:
            super().sendall(*args)
        except BlockingIOError:
            raise TimeoutError("timed out") from None


class _WaitsInTheKernel:
    """What both connections have in common."""

    socket_timeout: float | None

    def _connect(self) -> _Socket:
        opened = _Socket(fileno=super()._connect().detach())  # type: ignore[misc]  # redis-py's connection comes after
        seconds = self.socket_timeout or 0.0  # none: for ever
        time = struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000))
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, time)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, time)
        opened.settimeout(None)
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
