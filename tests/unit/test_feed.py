"""How many jobs does a worker take, and what becomes of those that were handed out as it ends, or too early?"""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

from real import wait_until

from workers.execution.feed import OVERDUE_S, SOON_S, Feed
from workers.lanes.state import Record, record_of


def record(number: int) -> Record:
    return record_of([b"acme", b"a%d" % number, b"{}", [b"operation", b"create_audience", b"fence", b"%d" % number]])


def test_after_the_last_one_was_withdrawn_none_is_taken() -> None:
    feed, called = Feed(), list[Any]()
    feed.open(SimpleNamespace(pool=SimpleNamespace(limit=4), call_soon=lambda *called_with: called.append(called_with)))
    assert feed.give("pubmatic", [record(1)])
    assert feed.withdraw() == [("pubmatic", record(1))]
    assert not feed.give("pubmatic", [record(2)])  # a dispatcher that was about to: it puts the job back
    assert len(called) == 1
    assert feed.free() == 0


class Consumer:
    """Celery's, of so many places. What is received begins at once, and ends when it is told to."""

    def __init__(self, places: int) -> None:
        self.pool = SimpleNamespace(limit=places)
        self.strategies = {f"{provider}.create_audience": self._begin for provider in ("pubmatic", "mintegral")}
        self.acknowledge: list[Any] = []

    def call_soon(self, act: Any, *given: Any) -> None:
        act(*given)

    def _begin(self, _message: Any, _body: Any, acknowledge: Any, *_: Any) -> None:
        self.acknowledge.append(acknowledge)

    def end(self, count: int) -> None:
        for _ in range(count):
            self.acknowledge.pop(0)()


def fed(places: int) -> tuple[Feed, Consumer]:
    feed, consumer = Feed(), Consumer(places)
    feed.open(consumer)
    assert feed.free() == places
    assert feed.give("pubmatic", [record(number) for number in range(places)])
    assert feed.free() == 0
    return feed, consumer


def test_while_places_become_free_a_few_more_are_taken_and_an_eighth_at_most() -> None:
    feed, consumer = fed(16)
    began = time.monotonic()
    consumer.end(1)
    free = feed.free()
    assert free == 2 or time.monotonic() - began > SOON_S  # the place, and one that is expected
    consumer.end(5)
    began = time.monotonic()
    free = feed.free()
    assert free == 6 + 2 or time.monotonic() - began > SOON_S
    wait_until(lambda: feed.free() == 6, what="the end of what was expected")


def test_a_worker_of_few_places_takes_no_job_before_it_has_one() -> None:
    feed, consumer = fed(7)
    consumer.end(1)
    assert feed.free() == 1


def test_a_job_whose_place_does_not_become_free_is_overdue_and_no_other() -> None:
    feed, consumer = fed(8)
    for number in range(8):
        assert feed.claim("pubmatic", number)
    began = time.monotonic()
    consumer.end(1)
    assert feed.give("pubmatic", [record(8)])
    assert feed.give("mintegral", [record(9)])
    assert feed.is_ahead()
    assert feed.claim("pubmatic", 8)
    assert feed.overdue("pubmatic") == []
    assert wait_until(lambda: feed.overdue("mintegral")) == [record(9)]
    assert time.monotonic() - began >= OVERDUE_S
    assert feed.overdue("mintegral") == []
    assert feed.claim("mintegral", 9) is None


def test_who_has_taken_no_job_ahead_of_its_place_gives_none_back() -> None:
    feed, _ = fed(8)
    time.sleep(OVERDUE_S * 1.1)
    assert not feed.is_ahead()
    assert feed.overdue("pubmatic") == []
