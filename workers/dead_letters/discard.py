"""How does an operator give a dead letter up? It goes, with a reason; its job's idempotency record stays."""

from __future__ import annotations

from dataclasses import dataclass

import redis

from workers.dead_letters.answers import CHANGED, GONE, Discarded, Kept
from workers.dead_letters.removal import remove
from workers.dead_letters.stored import read
from workers.dead_letters.summary import Place


@dataclass(frozen=True)
class Discarder:
    """Discards dead letters, one after the other. ``reason`` stands in the audit."""

    client: redis.Redis
    reason: str

    def would(self, place: Place) -> Discarded | Kept:
        """What ``discard`` would answer, with nothing done."""
        return Kept(place.id, GONE) if read(self.client, place) is None else Discarded(place.id)

    def discard(self, place: Place, who: str = "") -> Discarded | Kept:
        """Discard one dead letter. ``who``: for a line in the audit about this one."""
        found = read(self.client, place)
        if found is None:
            return Kept(place.id, GONE)
        if not remove(self.client, found, who, "discard", reason=self.reason):
            return Kept(place.id, CHANGED)
        return Discarded(place.id)
