"""Which troubles are there, and how many dead letters has each? Alike is what an operator would treat alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import redis

from schemas.instant import write
from workers.dead_letters.filter import ALIKE, Filter, Window
from workers.dead_letters.find import alike, find, partitions
from workers.dead_letters.scripts import run
from workers.lanes.clock import moment

Key = tuple[str | None, ...]


@dataclass(slots=True)
class Group:
    """Dead letters of one provider, account, operation, category and provider code. ``count`` is how many there are."""

    key: Key
    count: int
    first_seen_us: int
    last_seen_us: int

    def add(self, count: int, first_us: int, last_us: int) -> None:
        self.count += count
        self.first_seen_us = min(self.first_seen_us, first_us)
        self.last_seen_us = max(self.last_seen_us, last_us)

    def listed(self) -> dict[str, Any]:
        """The contract's field names."""
        return {
            **dict(zip(ALIKE, self.key, strict=True)),
            "count": self.count,
            "first_seen": write(moment(self.first_seen_us)),
            "last_seen": write(moment(self.last_seen_us)),
        }


def group(client: redis.Redis, providers: Iterable[str], wanted: Filter) -> list[Group]:
    """The groups, the largest first. Only a text or a run makes it look at every dead letter."""
    groups: dict[Key, Group] = {}
    counted = _one_by_one if wanted.looks_inside else _by_index
    for key, count, first_us, last_us in counted(client, providers, wanted):
        groups.setdefault(key, Group(key, 0, first_us, last_us)).add(count, first_us, last_us)
    return sorted(groups.values(), key=lambda its: (-its.count, -its.last_seen_us))


Counted = Iterator[tuple[Key, int, int, int]]


def _by_index(client: redis.Redis, providers: Iterable[str], wanted: Filter) -> Counted:
    window = Window.of(client, wanted)
    for name in partitions(providers, wanted):
        for text, count, first_us, last_us in run(client, "count", name, window.oldest, window.newest):
            if wanted.lets_group(key := alike(text)):
                yield key, count, int(float(first_us)), int(float(last_us))


def _one_by_one(client: redis.Redis, providers: Iterable[str], wanted: Filter) -> Counted:
    for each in find(client, providers, wanted):
        yield tuple(getattr(each, name) for name in ALIKE), 1, each.died_at_us, each.died_at_us
