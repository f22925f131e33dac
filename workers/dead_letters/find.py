"""How are dead letters found? Over all partitions, newest first, a page in memory at a time.

A filter that names what a group has in common looks at the indexes of such groups only: so its first page is
there at once, however many others there are. A run is looked for in every one that is left; so is a text, but most
of what does not have it is not read further.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import redis

from workers.dead_letters.filter import ALIKE, Filter, Window
from workers.dead_letters.scripts import run
from workers.dead_letters.summary import FIELDS, Place, Summary, summary
from workers.lanes.keys import REJECTED, partition

PAGE = 100
SEARCHED = 200  # are looked through at a time for a text, which costs the state store some 3 ms
ENOUGH_BYTES = 1024 * 1024  # of texts at a time; the last one may be half as much again
FEW_GROUPS = 32  # more are not merged, but looked for in the index of all


def find(
    client: redis.Redis, providers: Iterable[str], wanted: Filter, newest_us: int | None = None
) -> Iterator[Summary]:
    """The dead letters that the filter lets through. Those that die meanwhile are left out.

    ``newest_us``: none that died later, in microseconds of the state store's clock.
    """
    window = Window.of(client, wanted)
    if newest_us is not None:
        window = Window(window.oldest, min(window.newest, newest_us))
    page = PAGE if wanted.text is None else SEARCHED
    each_newest_first = [
        _Index(client, name, group, max(10, page // len(groups))).letters(wanted, window)
        for name in partitions(providers, wanted)
        if (groups := _groups(client, name, wanted))
        for group in groups
    ]
    return heapq.merge(*each_newest_first, key=lambda each: -each.died_at_us)


def partitions(providers: Iterable[str], wanted: Filter) -> list[str]:
    """Where to look. A rejected message may name a provider, too; what it named stands in its fields."""
    return sorted({*providers, REJECTED} if wanted.provider is None else {wanted.provider, REJECTED})


def alike(group: bytes) -> tuple[str | None, ...]:
    """What the dead letters of a group have in common, in the order of ``ALIKE``."""
    values = group.decode("utf-8", "replace").split("/", len(ALIKE) - 1)
    return tuple(value or None for value in values)


def _groups(client: redis.Redis, name: str, wanted: Filter) -> list[bytes]:
    """The groups to look through; the empty one stands for all."""
    if not wanted.asks_for_alike:
        return [b""]
    known: Any = client.smembers(f"{partition(name)}:dead:groups")
    groups = [group for group in known if wanted.lets_group(alike(group))]
    return [b""] if len(groups) > FEW_GROUPS else sorted(groups)


@dataclass(frozen=True, slots=True)
class _Index:
    """The dead letters of one partition by the time of their death: of one group, or of all."""

    client: redis.Redis
    name: str
    group: bytes
    page: int

    def letters(self, wanted: Filter, window: Window) -> Iterator[Summary]:
        """Those that the filter lets through, newest first."""
        newest = str(window.newest).encode()
        known: list[bytes] = []
        while True:
            args = (newest, window.oldest, self.page, ENOUGH_BYTES, int(wanted.text is not None), *known)
            oldest, of_oldest, found = run(self.client, "page", self.name, self.group, *args)
            if not found:
                return
            yield from self._read(self._names(found, wanted), wanted)
            known = [*known, *of_oldest] if oldest == newest else of_oldest
            newest = oldest

    def _names(self, found: list[bytes], wanted: Filter) -> list[bytes]:
        """Of those that may have the text: it is looked for before anything is parsed, since most do not have it."""
        before = self.name.encode() + b"/"  # a text begins with the name, and so with the id
        return [each.partition(b"\n")[0] for each in found if wanted.may_have_text(before + each)]

    def _read(self, members: list[bytes], wanted: Filter) -> Iterator[Summary]:
        fields = [*FIELDS, "body", "edited"] if wanted.text is not None else [*FIELDS]
        places = [Place(self.name, member.decode()) for member in members]
        with self.client.pipeline(transaction=False) as pipe:
            for place in places:
                pipe.hmget(place.key, fields)
            read = [dict(zip(fields, values, strict=True)) for values in pipe.execute()]
        expired = [place.name for place, values in zip(places, read, strict=True) if values["died_at"] is None]
        if expired:
            run(self.client, "sweep", self.name, self.group, *expired)
        for place, values in zip(places, read, strict=True):
            if values["died_at"] is None:
                continue
            found = summary(place, values)
            if wanted.lets(found, values.get("body") or b"", values.get("edited") or b""):
                yield found
