"""Which events has RabbitMQ surely taken? They are sent many at once; then each is confirmed, refused or returned.

py-amqp (5.4.2) awaits each confirm before it sends the next message: a dozen system calls and a round trip for each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from amqp import spec
from amqp.method_framing import frame_writer
from amqp.serialization import dumps
from kombu.exceptions import KombuError

from workers.amqp_arrivals import Arrivals

SILENCE_S = 10.0
PIECE_BYTES = 1 << 16

_REFUSED = "RabbitMQ refused an event: a queue that would take it is full, or most of its nodes are away"
_RETURNED = "RabbitMQ returned an event: no queue takes it; audience.results is declared and bound anew"


class NotTakenError(KombuError):  # type: ignore[misc]  # kombu has no types
    """An event that RabbitMQ has not taken; it may take it another time."""


class ConfirmedChannel:
    """A channel in confirm mode. Nobody else publishes on it, and after an error it is of no more use."""

    def __init__(self, channel: Any) -> None:
        channel.auto_decode = False  # what is returned is compared with what was sent
        channel.confirm_select()
        channel.events["basic_ack"].add(self._on_ack)
        channel.events["basic_nack"].add(self._on_nack)
        channel.events["basic_return"].add(self._on_return)
        self._channel = channel
        self._arrivals = Arrivals(channel.connection)
        self._sent = 0
        self._awaited: dict[int, tuple[int, bytes]] = {}
        self._taken: Callable[[int], object]
        self._returned: set[bytes] = set()
        self._trouble = ""
        self._piece = bytearray()
        self._write_frame = frame_writer(channel.connection, SimpleNamespace(write=self._piece.extend))

    def publish(
        self, exchange: str, messages: Sequence[tuple[str, Any]], taken: Callable[[int], object], *, mandatory: bool
    ) -> None:
        """Send messages, each with its routing key. ``taken`` is told the place of each, as its confirm comes.

        Raises ``NotTakenError`` once all are answered, if RabbitMQ has refused or returned one; ``OSError`` or an
        error of py-amqp's where it says nothing for ``SILENCE_S``, or is gone.
        """
        self._taken = taken
        for place, (routing_key, message) in enumerate(messages):
            self._sent += 1  # RabbitMQ, too, counts the messages of the channel
            self._awaited[self._sent] = place, message.body
            self._send(dumps("Bssbb", (0, exchange, routing_key, mandatory, False)), message)
        self._flush()
        while self._awaited:
            if not self._arrivals.take(SILENCE_S):
                raise TimeoutError(f"RabbitMQ has confirmed nothing for {SILENCE_S:g} s")
        if self._trouble:
            raise NotTakenError(self._trouble)

    def _send(self, arguments: bytes, message: Any) -> None:
        self._write_frame(1, self._channel.channel_id, spec.Basic.Publish, arguments, message)
        if len(self._piece) >= PIECE_BYTES:
            self._flush()

    def _flush(self) -> None:
        self._channel.connection.transport.write(bytes(self._piece))
        self._piece.clear()

    def _on_ack(self, number: int, multiple: bool) -> None:  # noqa: FBT001 - py-amqp's signature
        for place, body in self._answered(number, multiple):
            if body not in self._returned:  # what no queue takes is returned, and then confirmed like anything else
                self._taken(place)

    def _on_nack(self, number: int, multiple: bool) -> None:  # noqa: FBT001 - as above
        self._answered(number, multiple)
        self._trouble = _REFUSED

    def _on_return(self, _error: Exception, _exchange: str, _routing_key: str, message: Any) -> None:
        """It does not say which message it was: any of the same body counts as returned, and goes out again."""
        self._returned.add(message.body)
        self._trouble = _RETURNED

    def _answered(self, number: int, multiple: bool) -> list[tuple[int, bytes]]:  # noqa: FBT001 - as above
        numbers = [each for each in self._awaited if each <= number] if multiple else [number]
        return [self._awaited.pop(each) for each in numbers]
