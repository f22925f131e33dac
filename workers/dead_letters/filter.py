"""Which dead letters are meant? What an operator says of them: all that is given must hold."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import redis

from workers.dead_letters.summary import Summary
from workers.lanes.clock import now_us, us

ALIKE = ("provider", "account", "operation", "category", "provider_code")
"""What dead letters of one group have in common."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Ages are seconds; ``text`` is looked for in id, message, body and edited body.

    ``without`` names some of ``ALIKE`` that there is none of, like the code where no provider has answered.
    """

    provider: str | None = None
    account: str | None = None
    operation: str | None = None
    category: str | None = None
    provider_code: str | None = None
    run: int | None = None
    text: str | None = None
    older_than_s: float | None = None
    newer_than_s: float | None = None
    without: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it lets everything through."""
        return self == Filter()

    @property
    def given(self) -> dict[str, Any]:
        """What was said, for the audit."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in said.items() if value not in {None, ()}}

    @property
    def asks_for_alike(self) -> bool:
        """Whether it names something that a whole group has or has not."""
        return bool(self.without) or any(getattr(self, name) is not None for name in ALIKE)

    @property
    def looks_inside(self) -> bool:
        """Whether dead letters of one group may differ in it, their ages apart."""
        return self.run is not None or self.text is not None

    def lets(self, each: Summary, *bodies: bytes) -> bool:
        """Whether it lets this dead letter through; its age is not asked for here."""
        same = self.lets_group(tuple(getattr(each, name) for name in ALIKE)) and self.run in {None, each.run}
        return same and self._has_text(each, bodies)

    def lets_group(self, group: tuple[str | None, ...]) -> bool:
        """Whether it may let some of a group through, given what they have in common, in the order of ``ALIKE``."""
        return all(
            getattr(self, name) in {None, value} and not (value and name in self.without)
            for name, value in zip(ALIKE, group, strict=True)
        )

    def may_have_text(self, of_one: bytes) -> bool:
        """Whether the text is in these bytes of a dead letter: all that it is looked for in, line after line."""
        return self.text is None or self.text.casefold() in _folded(of_one)

    def _has_text(self, each: Summary, bodies: tuple[bytes, ...]) -> bool:
        if self.text is None:
            return True
        wanted = self.text.casefold()
        where = (each.place.id, each.message, each.provider_code or "")
        return any(wanted in text.casefold() for text in where) or any(wanted in _folded(body) for body in bodies)


def _folded(text: bytes) -> str:
    return text.decode("utf-8", "replace").casefold()


@dataclass(frozen=True, slots=True)
class Window:
    """The times of death that count, both included, in microseconds of the state store's clock."""

    oldest: int
    newest: int

    @classmethod
    def of(cls, client: redis.Redis, wanted: Filter) -> Window:
        """Up to now at the latest: those that die from here on are left out."""
        now = now_us(client)
        oldest = 0 if wanted.newer_than_s is None else now - us(wanted.newer_than_s)
        return cls(oldest, now - us(wanted.older_than_s))
