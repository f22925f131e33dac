"""Where do events come from? A reader brings one after the other; there is one for RabbitMQ and one for Redis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Received:
    """The text of one event, and how to say that it needs not come again."""

    body: str | bytes
    done: Callable[[], None]


class Reader(Protocol):
    """Reads events in the order in which they left the service. What was not done comes again after an ``open``.

    ``lost`` are the errors after which ``open`` may be tried again.
    """

    lost: tuple[type[BaseException], ...]

    def open(self, patience_s: float) -> None:
        """Connect, anew where it was. Raises ``kombu.exceptions.OperationalError`` when patience has an end."""

    def next(self) -> Received | None:
        """The next event; None where there was none for a second."""

    def close(self) -> None:
        """Let go of the server."""
