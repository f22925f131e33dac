"""Who did what to which lane or dead letter, and when?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from heapq import merge
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schemas.instant import write
from workers.cli.connection import connected
from workers.cli.output import Json, note, say_json, say_table
from workers.dead_letters.summary import moment

if TYPE_CHECKING:
    import redis

COLUMNS = ("at", "who", "action", "target", "detail")
BATCH = 1000


def audit(
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="The newest N.")] = 100,
    as_json: Json = False,
) -> None:
    """What operators ordered, the newest last."""
    here = connected()
    from workers.lanes.keys import REJECTED, partition

    names = sorted({*here.providers, REJECTED})
    newest = merge(*(_newest_first(here.redis, name, partition(name)) for name in names), reverse=True)
    entries = [entry for entry, _ in zip(newest, range(limit), strict=False)]
    lines = [_line(name, at_ms, fields) for (at_ms, _), name, fields in reversed(entries)]
    if as_json:
        for line in lines:
            say_json(line)
    elif lines:
        say_table(COLUMNS, ([*list(line.values())[:-1], _shown(line["detail"])] for line in lines))
    else:
        note("Nobody has ordered anything yet.")


def _newest_first(
    client: redis.Redis, provider: str, prefix: str
) -> Iterator[tuple[tuple[int, int], str, dict[str, str]]]:
    before = "+"
    while True:
        entries: Any = client.xrevrange(f"{prefix}:audit", before, "-", count=BATCH)
        for entry_id, fields in entries:
            at_ms, _, sequence = entry_id.decode().partition("-")
            texts = {name.decode(): value.decode() for name, value in fields.items()}
            yield (int(at_ms), int(sequence)), provider, texts
        if len(entries) < BATCH:
            return
        before = "(" + entries[-1][0].decode()


def _line(provider: str, at_ms: int, fields: dict[str, str]) -> dict[str, Any]:
    return {
        "at": write(moment(at_ms * 1000)),
        "who": fields["who"],
        "action": fields["action"],
        "target": f"{provider}/{fields['target']}",
        "detail": json.loads(fields["detail"]),
    }


def _shown(detail: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in detail.items())
