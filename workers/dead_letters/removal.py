"""How does a dead letter go? All of it at once, unless it has changed since it was read."""

from __future__ import annotations

import json
from typing import Any

import redis

from workers.dead_letters.scripts import run
from workers.dead_letters.stored import Stored


def remove(client: redis.Redis, seen: Stored, who: str = "", action: str = "", **detail: Any) -> bool:
    """Remove a dead letter. ``who``: for a line in the audit. False: it has died again or was edited meanwhile."""
    place = seen.place
    said = json.dumps(detail, ensure_ascii=False)
    many = len(seen.edits_text)
    return bool(run(client, "remove", place.partition_name, place.name, seen.died_at, many, who, action, said))
