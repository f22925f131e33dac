"""Does a permit that was given ahead still hold at its moment? Only if nothing came in between."""

from __future__ import annotations

import threading

import pytest
import redis
from lane_acts import accept, configure, new_lanes, start, take

from workers.execution.permits import Permits
from workers.lanes.lanes import Lanes
from workers.lanes.orders import Orders
from workers.lanes.state import Again, Permitted, Record, Refusal
from workers.outcome import AttemptEnded, Postponed

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
