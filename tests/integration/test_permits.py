"""Does a permit that was given ahead still hold at its moment? Only if nothing came in between."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from lane_acts import accept, configure, new_lanes, start, take
from narrow_way import NarrowWay
from real import RedisServer
from redis.backoff import NoBackoff
from redis.retry import Retry

from workers.execution.permits import Permits
from workers.lanes.lanes import Lanes
from workers.lanes.orders import Orders
from workers.lanes.state import Again, Permitted, Record, Refusal
from workers.outcome import AttemptEnded, Postponed

ONCE = Retry(NoBackoff(), 0)
PAUSED = Again(after_s=None, spent=False, pause_s=60.0, pause_reason="429")


@pytest.fixture
def lanes(state: redis.Redis) -> Lanes:
    lanes = new_lanes(state)
    configure(lanes, acme={})
    return lanes


@pytest.fixture
def pair(lanes: Lanes) -> tuple[Record, Record]:
    """Two running jobs; the first has sent its request, the next one may go 0.2 s later."""
    accept(lanes, "first")
    accept(lanes, "second")
    first, second = (start(lanes, handed) for handed in take(lanes))
    configure(lanes, acme={"limits": ["5/s"]})
    permitted = lanes.permit(first, 1, changes=False)
    assert isinstance(permitted, Permitted)
    assert (permitted.wait_s, permitted.timed) == (0.0, True)
    return first, second


def test_a_permit_given_ahead_holds_until_a_429_pauses_the_lane(lanes: Lanes, pair: tuple[Record, Record]) -> None:
    first, second = pair
    assert isinstance(lanes.permit(second, 1, changes=False), Permitted)
    assert lanes.confirm(second) is None
    assert lanes.give_back(first, PAUSED)
    refused = lanes.confirm(second)
    assert refused is not None
    assert refused.why is Refusal.PAUSED
    assert 59 < refused.wait_s <= 60


def test_a_permit_given_ahead_is_lost_with_the_lease(lanes: Lanes, pair: tuple[Record, Record]) -> None:
    _, second = pair
    assert isinstance(lanes.permit(second, 1, changes=False), Permitted)
    assert lanes.give_back(second, Again(after_s=0.0, spent=False))
    refused = lanes.confirm(second)
    assert refused is not None
    assert refused.why is Refusal.LOST


def test_a_request_that_waits_for_its_moment_is_not_sent_once_the_lane_is_paused(
    lanes: Lanes, pair: tuple[Record, Record]
) -> None:
    orders = Orders(lanes.client, "pubmatic", "test")
    pause = threading.Timer(0.02, orders.pause, ("acme", 60.0, "a test"))
    permits = Permits(lanes, pair[1], threading.Event())
    pause.start()
    with pytest.raises(AttemptEnded) as ended:
        permits(changes=True)
    pause.join()
    assert isinstance(ended.value.outcome, Postponed)
    assert (permits.sent, permits.changed) == (0, False)


def test_a_host_that_is_gone_without_a_word_is_waited_for_by_one_thread(own_redis: RedisServer) -> None:
    threads = 8
    direct = new_lanes(own_redis.client())
    for number in range(threads):
        accept(direct, f"job-{number}")
    records = [start(direct, record) for record in take(direct, threads)]
    failures: list[redis.RedisError] = []

    def gets_its_permit(record: Record) -> bool:
        assert lanes.confirm(record) is None  # on a connection of this thread's own
        everyone.wait(20)
        for _ in range(threads):
            try:
                return isinstance(lanes.permit(record, 1, changes=False), Permitted)
            except redis.TimeoutError as error:
                failures.append(error)
        return False

    with NarrowWay(own_redis.port) as way, redis.Redis(port=way.port, socket_timeout=1.0, retry=ONCE) as client:
        lanes = Lanes(client, "pubmatic", direct.config, request_timeout_s=30.0)
        everyone = threading.Barrier(threads, action=way.forget)
        with ThreadPoolExecutor(threads) as pool:
            assert all(pool.map(gets_its_permit, records, timeout=60))
    assert len(failures) == 1


def test_a_permit_is_as_old_as_when_it_was_first_asked_for(lanes: Lanes, state: redis.Redis) -> None:
    accept(lanes, "good")
    accept(lanes, "broken")
    good, broken = (start(lanes, record) for record in take(lanes))
    state.set(f"{lanes.partition}:job:acme/broken", "somebody else's")
    asked = [(*record.key, record.fence, 1, 0) for record in (good, good, good, broken)]
    *given, refused = lanes._permit(asked)  # noqa: SLF001 - as threads ask together, which one cannot have them do
    assert isinstance(refused, redis.ResponseError)
    assert len({permitted.asked_at for permitted in given if isinstance(permitted, Permitted)}) == 1
    assert len(given) == 3
