"""What would become of all that a filter lets through? Told from the newest of them, with nothing done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from workers.bootstrap import Service
from workers.dead_letters.answers import Kept
from workers.dead_letters.filter import Filter
from workers.dead_letters.find import find
from workers.dead_letters.group import group
from workers.dead_letters.summary import Place
from workers.monitoring.flower.acts import Answer

LOOKED_AT = 1000
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of the newest. ``total`` None: there are more than were looked at, and nobody counted."""

    kept: Counter[str]
    would: list[Answer]
    total: int | None

    @property
    def looked_at(self) -> int:
        return len(self.would) + self.kept.total()

    @property
    def is_whole(self) -> bool:
        return self.total == self.looked_at

    @property
    def is_idle(self) -> bool:
        """Whether nothing would be done."""
        return self.is_whole and not self.would

    @property
    def first(self) -> list[Answer]:
        return self.would[:SHOWN]


def preview(here: Service, wanted: Filter, would: Callable[[Place], Answer]) -> Preview:
    """Ask what would become of each."""
    answers = [would(each.place) for each in islice(find(here.redis, here.providers, wanted), LOOKED_AT)]
    kept = Counter(each.why for each in answers if isinstance(each, Kept))
    total = len(answers) if len(answers) < LOOKED_AT else count(here, wanted)
    return Preview(kept, [each for each in answers if not isinstance(each, Kept)], total)


def count(here: Service, wanted: Filter) -> int | None:
    """How many there are; None where each would have to be looked at."""
    if wanted.looks_inside:
        return None
    return sum(each.count for each in group(here.redis, here.providers, wanted))
