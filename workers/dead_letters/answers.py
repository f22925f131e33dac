"""What can become of a dead letter that an operator acts on?"""

from __future__ import annotations

from dataclasses import dataclass

GONE = "there is no such dead letter (any more)"
CHANGED = "it has died again or was edited in this moment: look at it, then try again"


@dataclass(frozen=True, slots=True)
class Replayed:
    """The job is in its lane. ``run``: its next one; None for a message, which begins at its first."""

    id: str
    run: int | None


@dataclass(frozen=True, slots=True)
class Discarded:
    """It is gone."""

    id: str


@dataclass(frozen=True, slots=True)
class Edited:
    """The next replay sends the new payload. ``changed``: JSON Pointers into what was edited."""

    id: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """The dead letter stays as it is, or there is none; ``why`` is a sentence."""

    id: str
    why: str
