"""What is expected of each thing that goes in? One event, told by its id, that says what it should."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workers.cli.results import shows

_SHOWN_ANYWAY = {"data.error.category", "data.error.provider_code", "data.result.audience_id", "data.result.total"}


@dataclass
class Row:
    """One thing that went in, and the event that answers it. ``says``: places in the event and their values."""

    way: str
    what: str
    event_id: str
    type: str
    says: Mapping[str, Any] = field(default_factory=dict)
    nth: int = 1  # the same job again has its stored event published again, under the same id
    got: dict[str, Any] | None = None

    @property
    def differs(self) -> list[str]:
        """What is not as expected, a sentence each."""
        if self.got is None:
            return ["no event came"]
        wanted = {"type": self.type, **self.says}
        return [
            f"{place}: expected {value!r}, got {_at(self.got, place)!r}"
            for place, value in wanted.items()
            if not _holds(_at(self.got, place), value)
        ]

    @property
    def expected(self) -> str:
        return self._status(self.type, self.says)

    @property
    def shown(self) -> str:
        if self.got is None:
            return ""
        again = ", the same event again" if self.nth > 1 else ""
        says = {place: _at(self.got, place) for place in self.says if place not in _SHOWN_ANYWAY}
        return f"{self._status(self.got['type'], says)}{again}: {shows(self.got)}"

    def _status(self, type_: str, says: Mapping[str, Any]) -> str:
        parts = [f"{place.rpartition('.')[2]} {json.dumps(value)}" for place, value in says.items()]
        return ", ".join([type_.removeprefix("audience.job."), *parts])


def succeeds(way: str, what: str, job: Mapping[str, Any], run: int = 1, **says: Any) -> Row:
    """``says`` are places in the event's data, with two underscores between their parts."""
    return Row(way, what, _id(job, run), "audience.job.succeeded", _places(says))


def fails(way: str, what: str, job: Mapping[str, Any], **says: Any) -> Row:
    return Row(way, what, _id(job, 1), "audience.job.failed", _places(says))


def rejected(way: str, what: str, identity: bytes, category: str) -> Row:
    """``identity``: the bytes whose SHA-256 names the message."""
    name = f"rejected/{hashlib.sha256(identity).hexdigest()}"
    return Row(way, what, name, "audience.job.rejected", {"data.error.category": category})


def identity_of_call(*arguments: Any) -> bytes:
    """What names a Celery message: its arguments."""
    return json.dumps([list(arguments), {}], sort_keys=True, separators=(",", ":")).encode()


def _id(job: Mapping[str, Any], run: int) -> str:
    return f"{job['provider']}/{job['account']}/{job['id']}/{run}"


def _places(says: Mapping[str, Any]) -> dict[str, Any]:
    return {f"data.{name.replace('__', '.')}": value for name, value in says.items()}


def _at(event: Mapping[str, Any], place: str) -> Any:
    value: Any = event
    for part in place.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _holds(got: Any, wanted: Any) -> bool:
    """Equal; of a list, that it has this element."""
    return wanted in got if isinstance(got, list) and not isinstance(wanted, list) else bool(got == wanted)
