"""How does the state store's clock count? In microseconds, which scripts are given and answer with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import redis


def now_us(client: redis.Redis) -> int:
    """What it says now."""
    now: Any = client.time()
    return int(now[0]) * 1_000_000 + int(now[1])


def us(seconds: float | None) -> int:
    """A span, or a time since the epoch, in microseconds; 0 for none."""
    return round((seconds or 0.0) * 1e6)


def moment(microseconds: int) -> datetime:
    """A moment of that clock."""
    return datetime.fromtimestamp(microseconds / 1e6, UTC)
