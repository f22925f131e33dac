"""How is what RabbitMQ sends taken from the socket? All that is there, at once.

py-amqp (5.4.2) asks the socket three times for each frame, and sets its timeout twice: a message of three frames costs
24 system calls, after each of which the thread waits for its turn to run Python again.
"""

from __future__ import annotations

from struct import Struct
from typing import Any

_HEAD = Struct(">BHI")  # of a frame: its type, its channel, its size; the content and one byte more follow

CHUNK_BYTES = 1 << 14


class Arrivals:
    """What arrives on a py-amqp connection. Not on one that Celery's event loop watches: it sees the socket only."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._held = b""
        transport = connection.transport
        self._receive = transport._quick_recv  # noqa: SLF001 - py-amqp has no public place for it
        transport._quick_recv = self._give  # noqa: SLF001

    def take(self, timeout_s: float) -> bool:
        """Wait for a frame, and handle all that have come. False: none came. Raises what py-amqp raises.

        Handling one may wait for the broker, and so time out, too: that is an error, and not that nothing came.
        """
        transport = self._connection.transport
        try:
            with transport.having_timeout(timeout_s):
                frame = transport.read_frame()
        except TimeoutError:
            return False
        self._connection.on_inbound_frame(frame)
        while self._holds_a_frame():
            self._connection.blocking_read()
        return True

    def _holds_a_frame(self) -> bool:
        """A whole one. There is time for the rest of another at the next ``take``."""
        if len(self._held) < _HEAD.size:
            return False
        size: int = _HEAD.unpack_from(self._held)[-1]
        return len(self._held) > _HEAD.size + size

    def _give(self, most: int) -> bytes:
        """As a socket's ``recv``."""
        if not self._held:
            self._held = self._receive(max(most, CHUNK_BYTES))
        given, self._held = self._held[:most], self._held[most:]
        return given
