"""Which dead letters are meant? Filters over all partitions, newest first, a page in memory at a time."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import redis

from workers.dead_letters.scripts import run
from workers.dead_letters.summary import FIELDS, Place, Summary, summary
from workers.lanes.keys import REJECTED, partition

PAGE = 100


@dataclass(frozen=True, slots=True)
class Filter:
    """What must hold of a dead letter. Ages are seconds; ``text`` is looked for in id, message and body."""

    provider: str | None = None
    account: str | None = None
    operation: str | None = None
    category: str | None = None
    provider_code: str | None = None
    text: str | None = None
    older_than_s: float | None = None
    newer_than_s: float | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it lets everything through."""
        return self == Filter()

    def lets(self, each: Summary, body: bytes) -> bool:
        """Whether it lets this dead letter through; its age is not asked for here."""
        names = ("provider", "account", "operation", "category", "provider_code")
        return all(getattr(self, name) in {None, getattr(each, name)} for name in names) and self._has_text(each, body)

    def _has_text(self, each: Summary, body: bytes) -> bool:
        if self.text is None:
            return True
        wanted = self.text.casefold()
        where = (each.place.id, each.message, each.provider_code or "", body.decode("utf-8", "replace"))
        return any(wanted in text.casefold() for text in where)


def find(client: redis.Redis, providers: Iterable[str], wanted: Filter) -> Iterator[Summary]:
    """The dead letters that the filter lets through. Those that die meanwhile are left out."""
    now: Any = client.time()
    now_us = now[0] * 1_000_000 + now[1]
    newest = now_us - round((wanted.older_than_s or 0.0) * 1e6)
    oldest = 0 if wanted.newer_than_s is None else now_us - round(wanted.newer_than_s * 1e6)
    # A rejected message may name a provider, too; what it named stands in its fields.
    names = {*providers, REJECTED} if wanted.provider is None else {wanted.provider, REJECTED}
    each_newest_first = [_of_partition(client, name, wanted, newest, oldest) for name in sorted(names)]
    return heapq.merge(*each_newest_first, key=lambda each: -each.died_at_us)


def _of_partition(client: redis.Redis, name: str, wanted: Filter, newest: int, oldest: int) -> Iterator[Summary]:
    index = f"{partition(name)}:dead"
    seen_at_newest: set[bytes] = set()  # of one microsecond several may have died, on both sides of a page's edge
    while True:
        many = PAGE + len(seen_at_newest)
        page: Any = client.zrevrangebyscore(index, newest, oldest, start=0, num=many, withscores=True)
        fresh = [(member, int(score)) for member, score in page if member not in seen_at_newest]
        if not fresh:
            return
        yield from _read(client, name, [member.decode() for member, _ in fresh], wanted)
        last = fresh[-1][1]
        same = {member for member, score in fresh if score == last}
        seen_at_newest = seen_at_newest | same if last == newest else same
        newest = last


def _read(client: redis.Redis, name: str, members: list[str], wanted: Filter) -> Iterator[Summary]:
    places = [Place(name, member) for member in members]
    fields = [*FIELDS, "body"] if wanted.text is not None else [*FIELDS]
    with client.pipeline(transaction=False) as pipe:
        for place in places:
            pipe.hmget(place.key, fields)
        read = [dict(zip(fields, values, strict=True)) for values in pipe.execute()]
    expired = [place.name for place, values in zip(places, read, strict=True) if values["died_at"] is None]
    if expired:
        run(client, "sweep", places[0].index, *expired)
    for place, values in zip(places, read, strict=True):
        if values["died_at"] is None:
            continue
        found = summary(place, values)
        if wanted.lets(found, values.get("body") or b""):
            yield found
