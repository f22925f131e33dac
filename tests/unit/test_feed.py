"""What becomes of a job that is handed out while its worker ends?"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from workers.execution.feed import Feed
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
