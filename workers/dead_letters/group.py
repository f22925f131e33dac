"""Which troubles are there, and how many dead letters has each? Alike is what an operator would treat alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from schemas.instant import write
from workers.dead_letters.summary import Summary, moment

Key = tuple[str | None, str | None, str | None, str, str | None]


@dataclass(slots=True)
class Group:
    """Dead letters of one account, operation, category and provider code. ``count`` is how many there are."""

    key: Key
    count: int
    first_seen_us: int
    last_seen_us: int

    def listed(self) -> dict[str, Any]:
        """The contract's field names."""
        provider, account, operation, category, provider_code = self.key
        return {
            "provider": provider,
            "account": account,
            "operation": operation,
            "category": category,
            "provider_code": provider_code,
            "count": self.count,
            "first_seen": write(moment(self.first_seen_us)),
            "last_seen": write(moment(self.last_seen_us)),
        }


def group(found: Iterable[Summary]) -> list[Group]:
    """The groups, the largest first."""
    groups: dict[Key, Group] = {}
    for each in found:
        key = (each.provider, each.account, each.operation, each.category, each.provider_code)
        its = groups.setdefault(key, Group(key, 0, each.died_at_us, each.died_at_us))
        its.count += 1
        its.first_seen_us = min(its.first_seen_us, each.died_at_us)
        its.last_seen_us = max(its.last_seen_us, each.died_at_us)
    return sorted(groups.values(), key=lambda its: (-its.count, -its.last_seen_us))
