"""How is an order to thousands of dead letters carried out? In a thread of Flower's, at its rate, to be stopped.

What it has done is done, and stands in the audit. If Flower ends, the rest of the order is left as it is.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil, floor

from workers import durations
from workers.dead_letters.answers import Kept
from workers.dead_letters.summary import Place
from workers.dead_letters.trail import Trail
from workers.loop import OUTAGES
from workers.monitoring.flower.acts import Answer
from workers.monitoring.flower.filters import AGES

KEPT = 50
"""Orders that are remembered: the newest."""


@dataclass
class Order:
    """One order. ``does`` is edit, replay or discard; ``total`` None: nobody has counted."""

    id: str
    does: str
    trail: Trail
    given: dict[str, str]
    interval_s: float
    total: int | None
    began: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    state: str = "running"
    done: int = 0
    kept: Counter[str] = field(default_factory=Counter)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def left_s(self) -> float | None:
        """For how long it will still take, about."""
        if self.total is None or self.state != "running":
            return None
        return max(0, self.total - self.done - self.kept.total()) * self.interval_s

    @property
    def died_since(self) -> dict[str, str]:
        """The filter of what died in the same lanes since it began, its own replays among them."""
        lanes = {name: value for name, value in self.given.items() if name in {"provider", "account", "operation"}}
        return {**lanes, "newer_than": durations.written(max(1, round(self._age_s)))}

    @property
    def found(self) -> dict[str, str]:
        """The filter of what it found: its ages have grown since, and what has died since is left out."""
        ages = {name: durations.seconds(self.given.get(name, "0s")) + self._age_s for name in AGES}
        newer = {"newer_than": durations.written(ceil(ages["newer_than"]))} if "newer_than" in self.given else {}
        return {**self.given, **newer, "older_than": durations.written(floor(ages["older_than"]))}

    @property
    def _age_s(self) -> float:
        return (datetime.now(UTC) - datetime.fromisoformat(self.began)).total_seconds()

    @property
    def why_kept(self) -> list[tuple[str, int]]:
        """The most frequent reasons, of a copy: the thread goes on counting."""
        return Counter(dict(self.kept)).most_common(10)

    def carry_out(self, places: Iterable[Place], act: Callable[[Place], Answer]) -> None:
        """Act on each, one after the other, until the end or until it is stopped."""
        try:
            for place in places:
                if self.stopping.is_set():
                    break
                self._one(self.trail.follow(place, act))
            self.state = "stopped" if self.stopping.is_set() else "done"
        except OUTAGES:
            self.state = "failed: the state store is out of reach; the same order goes on later"
        except BaseException:
            self.state = "failed: this is a fault of the service, and stands in Flower's log"
            raise
        finally:
            with contextlib.suppress(*OUTAGES):
                self.trail.end(stopped=self.state != "done")

    def _one(self, answer: Answer) -> None:
        if isinstance(answer, Kept):
            self.kept[answer.why] += 1
        else:
            self.done += 1
            self.stopping.wait(self.interval_s)


class Book:
    """The orders of this process."""

    def __init__(self) -> None:
        self._all: dict[str, tuple[Order, threading.Thread]] = {}

    def begin(self, order: Order, places: Iterable[Place], act: Callable[[Place], Answer]) -> None:
        """Carry it out in a thread of its own."""
        thread = threading.Thread(target=order.carry_out, args=(places, act), name=f"order-{order.id}", daemon=True)
        self._all[order.id] = order, thread
        for old in [id_ for id_, (each, _) in self._all.items() if each.state != "running"][:-KEPT]:
            del self._all[old]
        thread.start()

    def of(self, id_: str) -> Order | None:
        """The order of that id, if this process knows it."""
        return self._all[id_][0] if id_ in self._all else None

    def newest_first(self) -> list[Order]:
        return [order for order, _ in reversed(self._all.values())]

    def stop_all(self) -> None:
        """Flower ends: each order ends after the dead letter that it is at, with its line in the audit."""
        for order, _ in self._all.values():
            order.stopping.set()
        for _, thread in self._all.values():
            thread.join(2.0)


ORDERS = Book()
atexit.register(ORDERS.stop_all)
