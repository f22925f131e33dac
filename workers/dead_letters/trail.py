"""What does the audit keep of one order about many dead letters? That it began, and what came of it.

One line in each partition before its first dead letter, so that an order whose process is killed is known, too, and
one with the counts at its end.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import redis

from workers.dead_letters.answers import Discarded, Edited, Kept, Replayed
from workers.dead_letters.summary import Place
from workers.lanes.keys import partition

Answer = TypeVar("Answer", bound=Replayed | Discarded | Edited)

MANY = "*"
"""The target of such a line, where one dead letter's name would stand."""


@dataclass
class Trail:
    """The lines of one order. ``about``: its filter and what else was said, JSON values."""

    client: redis.Redis
    who: str
    action: str
    about: dict[str, Any]
    _kept: Counter[str] = field(default_factory=Counter)
    _done: Counter[str] = field(default_factory=Counter)
    _begun: set[str] = field(default_factory=set)

    def begin(self, partition_name: str) -> None:
        """To be called before each dead letter is touched."""
        if partition_name not in self._begun:
            self._begun.add(partition_name)
            self._write(partition_name, begun=True)

    def count(self, partition_name: str, *, done: bool) -> None:
        """One more is done, or kept."""
        (self._done if done else self._kept)[partition_name] += 1

    def follow(self, place: Place, act: Callable[[Place], Answer | Kept]) -> Answer | Kept:
        """Act on one dead letter, and count it."""
        self.begin(place.partition_name)
        answer = act(place)
        self.count(place.partition_name, done=not isinstance(answer, Kept))
        return answer

    def end(self, *, stopped: bool = False) -> None:
        """The order is over, at its end or because it was stopped."""
        for name in sorted(self._begun):
            self._write(name, done=self._done[name], kept=self._kept[name], **({"stopped": True} if stopped else {}))

    def _write(self, partition_name: str, **more: Any) -> None:
        detail = json.dumps({**self.about, **more}, ensure_ascii=False)
        line = {"who": self.who, "action": self.action, "target": MANY, "detail": detail}
        self.client.xadd(f"{partition(partition_name)}:audit", line)  # type: ignore[arg-type]
