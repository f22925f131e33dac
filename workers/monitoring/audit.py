"""Who did what to which lane or dead letter, and when? The audit of all providers, in the order of time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any

from schemas.instant import write
from workers.lanes.clock import moment
from workers.lanes.keys import REJECTED, partition

if TYPE_CHECKING:
    import redis

    from workers.bootstrap import Service

BATCH = 1000

Entry = tuple[tuple[int, int], str, dict[str, str]]


def newest(here: Service, limit: int | None) -> list[dict[str, Any]]:
    """At most so many, or all of them, the newest first, under the contract's field names."""
    names = sorted({*here.providers, REJECTED})
    found = merge(*(_newest_first(here.redis, name) for name in names), key=lambda entry: entry[0], reverse=True)
    return [_line(*entry) for entry in islice(found, limit)]


def said(value: object) -> str:
    """A value of a line, for a person: text, number, list or object, whose empty fields are left out."""
    match value:
        case dict():
            return ", ".join(f"{name}: {said(each)}" for name, each in value.items() if each not in _NOTHING)
        case list():
            return ", ".join(map(said, value))
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)


_NOTHING: tuple[object, ...] = (None, "", [], {})


def _newest_first(client: redis.Redis, provider: str) -> Iterator[Entry]:
    before = "+"
    while True:
        entries: Any = client.xrevrange(f"{partition(provider)}:audit", before, "-", count=BATCH)
        for entry_id, fields in entries:
            at_ms, _, sequence = entry_id.decode().partition("-")
            texts = {name.decode(): value.decode() for name, value in fields.items()}
            yield (int(at_ms), int(sequence)), provider, texts
        if len(entries) < BATCH:
            return
        before = "(" + entries[-1][0].decode()


def _line(at: tuple[int, int], provider: str, fields: dict[str, str]) -> dict[str, Any]:
    return {
        "at": write(moment(at[0] * 1000)),
        "who": fields["who"],
        "action": fields["action"],
        "target": f"{provider}/{fields['target']}",
        "detail": json.loads(fields["detail"]),
    }
