"""How does everything of one partition stand? One look at one moment, in one step and cheap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import redis

from workers.lanes.keys import partition
from workers.lanes.scripts import run


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane: the fields of its hash, and when the first of its waiting jobs is due."""

    account: str
    fields: Mapping[str, str]
    first_due_us: int | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a partition holds. ``dead`` may count some whose retention has just ended. ``whole`` is the lane ``*``."""

    now_us: int
    handed: int
    running: int
    dead: int
    outbox: int
    outbox_since_us: int | None
    whole: Mapping[str, str]
    lanes: tuple[Lane, ...]


def look(client: redis.Redis, name: str, accounts: Iterable[str] = ()) -> Seen:
    """Look at the partition of a provider, or of what was rejected; at these lanes, and all that have work to come."""
    now, handed, running, dead, outbox, since_ms, whole, *lanes = run(client, "look", partition(name), *accounts)
    return Seen(
        now_us=now,
        handed=handed,
        running=running,
        dead=dead,
        outbox=outbox,
        outbox_since_us=since_ms * 1000 or None,
        whole=_fields(whole),
        lanes=tuple(
            Lane(account.decode(), _fields(fields), None if due < 0 else due) for account, fields, due in lanes
        ),
    )


def _fields(answer: list[Any]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in zip(answer[::2], answer[1::2], strict=True)}
