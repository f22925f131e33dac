"""Which dead letters does a command act on? Those that it names, or those that its filter lets through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workers.cli.dead import options
from workers.cli.endings import WrongUsage
from workers.dead_letters.filter import Filter
from workers.dead_letters.find import find
from workers.dead_letters.summary import Place

if TYPE_CHECKING:
    from workers.bootstrap import Service


@dataclass(frozen=True, slots=True)
class Chosen:
    """Either ids, or a filter, or all."""

    ids: tuple[Place, ...]
    wanted: Filter

    @classmethod
    def of(cls, command: str, ids: list[str] | None, wanted: Filter, *, everything: bool) -> Chosen:
        """Raises ``WrongUsage`` for none of the ways to choose, and for two of them."""
        if bool(ids) == (everything or not wanted.is_empty) or (everything and not wanted.is_empty):
            raise WrongUsage(f"dead {command} takes either ids, or filters, or --all")
        return cls(tuple(options.place_of(id_) for id_ in ids or ()), wanted)

    @property
    def named(self) -> bool:
        return bool(self.ids)

    def places(self, here: Service) -> Iterator[Place]:
        """Newest first, or in the order in which they were named."""
        if self.ids:
            return iter(self.ids)
        return (each.place for each in find(here.redis, here.providers, self.wanted))
