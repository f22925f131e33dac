"""What does the hash of a dead letter hold? Its bytes, its edits, and what a replay of it would send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import redis

from schemas import strict_json
from schemas.signed import unwrapped
from schemas.strict_json import Json, Parsed
from workers.dead_letters.summary import Place, Summary, summary


@dataclass(frozen=True, slots=True)
class Stored:
    """One dead letter as it was read."""

    place: Place
    fields: Mapping[str, bytes]

    @property
    def summary(self) -> Summary:
        return summary(self.place, self.fields)

    @property
    def died_at(self) -> bytes:
        """As it stands there, to be compared."""
        return self.fields["died_at"]

    @property
    def body(self) -> bytes:
        """The original bytes, whatever was edited."""
        return self.fields.get("body", b"")

    @property
    def sends(self) -> bytes:
        """What a replay sends: the edited job, or the original bytes."""
        return self.fields.get("edited", self.body)

    @property
    def is_edited(self) -> bool:
        """Whether that is an operator's."""
        return "edited" in self.fields

    @property
    def job(self) -> dict[str, Any] | None:
        """The job that a replay sends, signed or not, as it can be read; None where it is no JSON object."""
        value: Json = self._parsed.value
        return value if isinstance(value, dict) else None

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it was unreadable (a key given twice, say): null stands in such a place."""
        return not self._parsed.problems

    @property
    def _parsed(self) -> Parsed:
        return strict_json.parse(unwrapped(self.sends))

    @property
    def edits_text(self) -> bytes:
        """One JSON object a line, the oldest first."""
        return self.fields.get("edits", b"")

    @property
    def edits(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.edits_text.splitlines()]


def read(client: redis.Redis, place: Place) -> Stored | None:
    """The dead letter; None if there is none (any more)."""
    found: Any = client.hgetall(place.key)
    fields = {name.decode(): value for name, value in found.items()}
    return Stored(place, fields) if "died_at" in fields else None
