"""Does a wake-up reach a dispatcher that has a free place? Dispatchers at a real state store, by their turns."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any, cast

import redis
from lane_acts import accept, configure, new_lanes
from real import wait_until

from workers.execution.dispatcher import Dispatcher
from workers.execution.feed import Feed

CELERYS_CONSUMER = SimpleNamespace(pool=SimpleNamespace(limit=1))


def test_a_wake_up_that_comes_as_the_last_place_is_taken_goes_on(state: redis.Redis) -> None:
    lanes, feed = new_lanes(state), Feed()
    wake = f"{lanes.partition}:wake"
    full = Dispatcher("pubmatic", lanes, cast(Any, None), feed, lease_s=10.0)
    feed.open(CELERYS_CONSUMER)
    state.delete(wake)
    turns = threading.Thread(target=lambda: [full.turn(), full.turn()])
    turns.start()
    listens = threading.Thread(target=full.listen)  # from the first look on, which leaves a place free
    listens.start()
    wait_until(lambda: any("blpop" in each["cmd"] for each in state.client_list()), what="the listener")
    feed.close()  # no place is free any more
    accept(lanes, "later", not_before=time.time() + 60)
    wait_until(lambda: state.llen(wake) == 1 and not listens.is_alive(), what="the wake-up for somebody else")
    assert full.lanes.wait_for_change(1.0)
    turns.join(10)


def test_a_job_that_was_taken_for_a_place_which_does_not_become_free_goes_back_to_its_lane(state: redis.Redis) -> None:
    lanes, feed, begun = new_lanes(state), Feed(), list[Any]()
    configure(lanes, acme={"max_in_flight": 100})
    full = Dispatcher("pubmatic", lanes, cast(Any, None), feed, lease_s=10.0)
    strategies = {"pubmatic.create_audience": lambda message, _body, done, *_: begun.append((message, done))}
    feed.open(
        SimpleNamespace(pool=SimpleNamespace(limit=8), strategies=strategies, call_soon=lambda act, *given: act(*given))
    )
    for number in range(60):
        accept(lanes, f"job-{number}")

    def in_flight() -> int:
        full.turn()
        return int(lanes.lane("acme")["in_flight"])

    assert in_flight() == 8
    for message, _ in begun:
        assert feed.claim("pubmatic", message.body[0][2])

    def one_ends_and_another_is_taken_ahead() -> bool:
        message, done = begun.pop(0)
        feed.claim("pubmatic", message.body[0][2])
        done()
        full.turn()
        return feed.is_ahead()

    wait_until(one_ends_and_another_is_taken_ahead, what="a job ahead of its place")
    taken = int(lanes.lane("acme")["in_flight"])
    wait_until(lambda: in_flight() < taken, what="its return")
    assert not feed.overdue("pubmatic")
