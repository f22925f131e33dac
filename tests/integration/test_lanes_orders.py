"""What do an operator's orders do to the lanes, at once and for all workers?"""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

import pytest
import redis
from lane_acts import accept, configure, finish, new_lanes, permit_moments_s, start, started, take
from real import wait_until

from workers.config import Limit
from workers.lanes.lanes import Lanes
from workers.lanes.orders import WHOLE, Orders
from workers.lanes.state import Again, Permitted, Record, Refusal, Refused


@pytest.fixture
def lanes(state: redis.Redis) -> Lanes:
    return new_lanes(state)


@pytest.fixture
def orders(lanes: Lanes) -> Orders:
    return Orders(lanes.client, "pubmatic", "ann@desk")


def audit(lanes: Lanes) -> list[dict[str, Any]]:
    entries: Any = lanes.client.xrange(f"{lanes.partition}:audit")
    lines = [{name.decode(): value.decode() for name, value in fields.items()} for _, fields in entries]
    return [line | {"detail": json.loads(line["detail"])} for line in lines]


def spacing_s(lanes: Lanes, record: Record) -> float:
    """The time between two permits: the least between any two."""
    return min(later - earlier for earlier, later in itertools.pairwise(permit_moments_s(lanes, record, 8)))


@pytest.mark.parametrize("account", ["acme", WHOLE])
def test_a_paused_lane_hands_out_nothing_and_sends_nothing_until_it_is_resumed(
    lanes: Lanes, orders: Orders, account: str
) -> None:
    record = started(lanes, "a")
    accept(lanes, "b")
    orders.pause(account, None, "their maintenance")
    assert take(lanes) == []
    refused = lanes.permit(record, 1, changes=False)
    assert isinstance(refused, Refused)
    assert refused.why is Refusal.PAUSED
    assert orders.resume(account) == 0
    assert len(take(lanes)) == 1
    assert isinstance(lanes.permit(record, 1, changes=False), Permitted)
    assert audit(lanes) == [
        {"who": "ann@desk", "action": "pause", "target": account, "detail": {"reason": "their maintenance"}},
        {"who": "ann@desk", "action": "resume", "target": account, "detail": {}},
    ]


def test_a_pause_for_a_time_ends_by_itself(lanes: Lanes, orders: Orders) -> None:
    accept(lanes, "a")
    ends = orders.pause("acme", 1.0, "")
    assert ends == pytest.approx(time.time() + 1, abs=0.5)
    assert take(lanes) == []
    wait_until(lambda: take(lanes))


def test_resuming_does_not_end_what_the_provider_asked_for(lanes: Lanes, orders: Orders) -> None:
    lanes.give_back(started(lanes, "a"), Again(None, spent=False, pause_s=60.0, pause_reason="429"))
    orders.pause("acme", 5.0, "")
    assert orders.resume("acme") == pytest.approx(time.time() + 60, abs=1)
    assert take(lanes) == []


def test_a_resumed_lane_probes_although_its_breaker_is_open(lanes: Lanes, orders: Orders) -> None:
    lanes.client.hset(f"{lanes.partition}:lane:acme", "open_until", str((time.time() + 600) * 1e6))
    accept(lanes, "a")
    assert take(lanes) == []
    orders.resume("acme")
    assert start(lanes, take(lanes)[0]).probe


def test_limits_change_at_once_and_outlive_a_worker_that_starts_with_its_configuration(
    lanes: Lanes, orders: Orders
) -> None:
    configure(lanes, acme={"limits": ["50/s"]})
    record = started(lanes)
    assert spacing_s(lanes, record) == pytest.approx(1.02 / 50, abs=1e-5)
    orders.limit("acme", [Limit.model_validate("10/s")])
    configure(lanes, acme={"limits": ["50/s"]})
    other = started(lanes, "b")
    assert spacing_s(lanes, other) == pytest.approx(1.02 / 10, abs=1e-5)
    assert lanes.lane("acme")["limits_text"] == "10/s"
    orders.limit("acme", [])
    assert spacing_s(lanes, started(lanes, "c")) == pytest.approx(1.02 / 50, abs=1e-5)
    assert [line["detail"]["limits"] for line in audit(lanes)] == ["10/s", "as configured"]


def test_a_new_limit_begins_with_the_last_permit_so_that_nothing_bunches_up(lanes: Lanes, orders: Orders) -> None:
    configure(lanes, acme={"limits": ["10/s"]})
    record = started(lanes)
    assert isinstance(lanes.permit(record, 1, changes=False), Permitted)
    orders.limit("acme", [Limit.model_validate("1/s")])
    assert 1.02 <= permit_moments_s(lanes, record, 2)[1] < 1.5


def test_a_higher_limit_wakes_the_lane(lanes: Lanes, orders: Orders) -> None:
    configure(lanes, acme={"limits": ["1/day"]})
    lanes.permit(started(lanes, "a"), 1, changes=False)
    accept(lanes, "b")
    assert take(lanes) == []
    orders.limit("acme", [Limit.model_validate("100/s")])
    assert len(wait_until(lambda: take(lanes))) == 1


@pytest.mark.parametrize("whole", [True, False], ids=["of the provider", "of the account"])
def test_an_operation_may_have_limits_of_its_own(lanes: Lanes, *, whole: bool) -> None:
    table = {"operations": {"create_audience": {"limits": ["10/s"]}}}
    configure(lanes, whole=table if whole else None, acme={} if whole else table)
    create = started(lanes, "a")
    assert spacing_s(lanes, create) == pytest.approx(1.02 / 10, abs=1e-5)
    listed = started(lanes, "b", operation="list_audiences")
    permit = lanes.permit(listed, 1, changes=False)
    assert isinstance(permit, Permitted)
    assert not permit.timed


def test_an_operation_at_its_limit_holds_up_no_other(lanes: Lanes) -> None:
    configure(lanes, acme={"max_in_flight": 100, "operations": {"create_audience": {"limits": ["1/h"]}}})
    for number in range(3):
        accept(lanes, f"create{number}", priority=9)
        accept(lanes, f"list{number}", operation="list_audiences", priority=0)
    assert [job.id for job in take(lanes)] == ["create0", "list0", "list1", "list2"]


def test_an_operations_limit_that_is_no_longer_configured_is_gone(lanes: Lanes) -> None:
    configure(lanes, acme={"operations": {"create_audience": {"limits": ["1/h"]}}})
    lanes.permit(started(lanes, "a"), 1, changes=False)
    configure(lanes, acme={})
    permit = lanes.permit(started(lanes, "b"), 1, changes=False)
    assert isinstance(permit, Permitted)
    assert not permit.timed


def test_a_waiting_job_is_cancelled_and_no_other(lanes: Lanes, orders: Orders) -> None:
    accept(lanes, "a", not_before=time.time() + 600)
    record = orders.cancel("acme", "a", "runner", "a mistake")
    assert isinstance(record, Record)
    assert record.id == "a"
    assert orders.cancel("acme", "a", "runner", "") == record  # redis-py repeats what it lost the answer of
    assert orders.cancel("acme", "a", "another runner", "") == "running"
    assert orders.cancel("acme", "never", "runner", "") is None
    assert [(line["action"], line["target"]) for line in audit(lanes)] == [("cancel", "acme/a")]
    assert lanes.lane("acme")["waiting"] == "0"
    assert lanes.take_ended("another") == []


# ── Turns ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_lane_of_more_weight_gets_more_of_each_round(lanes: Lanes) -> None:
    configure(lanes, acme={"weight": 3, "max_in_flight": 100}, globex={"max_in_flight": 100})
    for number in range(12):
        accept(lanes, f"a{number}")
        accept(lanes, f"g{number}", account="globex")
    taken = [job.account for job in take(lanes, most=12)]
    assert (taken.count("acme"), taken.count("globex")) == (9, 3)


def test_a_turn_that_has_to_stop_goes_on_where_it_stopped(lanes: Lanes) -> None:
    configure(lanes, acme={"weight": 3, "max_in_flight": 100}, globex={"max_in_flight": 100})
    for number in range(12):
        accept(lanes, f"a{number}")
        accept(lanes, f"g{number}", account="globex")
    taken = [job.account for _ in range(8) for job in take(lanes, most=1)]
    assert taken == ["acme", "acme", "acme", "globex"] * 2


def test_under_the_limit_of_a_provider_weights_hold(lanes: Lanes) -> None:
    whole = {"max_in_flight": 2}
    configure(lanes, whole=whole, acme={"weight": 3, "max_in_flight": 100}, globex={"max_in_flight": 100})
    for number in range(12):
        accept(lanes, f"a{number}")
        accept(lanes, f"g{number}", account="globex")
    taken = []
    while len(taken) < 8:
        for handed in take(lanes):
            taken.append(handed.account)
            finish(lanes, start(lanes, handed))
    assert taken == ["acme", "acme", "acme", "globex"] * 2


def test_no_more_jobs_of_a_provider_are_in_flight_than_it_may_have(lanes: Lanes) -> None:
    configure(lanes, whole={"max_in_flight": 3}, acme={}, globex={})
    for number in range(4):
        accept(lanes, f"a{number}")
        accept(lanes, f"g{number}", account="globex")
    taken = take(lanes)
    assert len(taken) == 3
    assert take(lanes) == []
    assert lanes.take(32, 10.0).next_look_s == pytest.approx(10.0, abs=0.5)
    lanes.give_back(start(lanes, taken[0]), Again(60.0, spent=True))
    assert len(take(lanes)) == 1


def test_of_ten_jobs_one_is_the_longest_due_whatever_its_priority(lanes: Lanes) -> None:
    configure(lanes, acme={"max_in_flight": 100})
    accept(lanes, "old", priority=0)
    lanes.client.zadd(
        f"{lanes.partition}:lane:acme:waiting:0/create_audience", {old_entry(lanes): (time.time() - 61) * 1e6}
    )
    for number in range(30):
        accept(lanes, f"new{number}", priority=9)
    assert [job.id for job in take(lanes, most=30)].index("old") == 9


def test_who_is_not_yet_old_waits_for_its_priority(lanes: Lanes) -> None:
    configure(lanes, acme={"max_in_flight": 100})
    accept(lanes, "low", priority=0)
    for number in range(20):
        accept(lanes, f"high{number}", priority=9)
    assert [job.id for job in take(lanes, most=32)].index("low") == 20


def old_entry(lanes: Lanes) -> bytes:
    (entry,) = lanes.client.zrange(f"{lanes.partition}:lane:acme:waiting:0/create_audience", 0, -1)
    assert isinstance(entry, bytes)
    return entry


# ── Adaptive lanes ──────────────────────────────────────────────────────────────────────────────────────────────


def throttle(lanes: Lanes, job_id: str, *, adapt: bool = True) -> None:
    lanes.give_back(started(lanes, job_id), Again(None, spent=False, pause_s=0.05, adapt=adapt))
    lanes.client.delete(f"{lanes.partition}:job:acme/{job_id}")


def share(lanes: Lanes) -> float | None:
    held = lanes.lane("acme").get("share")
    return None if held is None else float(held)


def test_an_adaptive_lane_halves_its_rate_once_for_each_pause(lanes: Lanes) -> None:
    configure(lanes, acme={"limits": ["50/s"], "adaptive": True})
    accept(lanes, "a")
    accept(lanes, "b")
    jobs = take(lanes)
    assert len(jobs) == 2
    for job in jobs:
        lanes.give_back(start(lanes, job), Again(60.0, spent=False, pause_s=1.0, adapt=True))
    assert share(lanes) == 0.5
    record = start(lanes, accept(lanes, "c") and wait_until(lambda: take(lanes))[0])
    assert spacing_s(lanes, record) == pytest.approx(2 * 1.02 / 50, rel=0.01)


def test_a_rate_that_was_lowered_grows_back(lanes: Lanes) -> None:
    configure(lanes, acme={"limits": ["50/s"], "adaptive": True})
    lanes.client.hset(
        f"{lanes.partition}:lane:acme", mapping={"share": "0.5", "share_at": str((time.time() - 150) * 1e6)}
    )
    assert spacing_s(lanes, started(lanes)) == pytest.approx(1.02 / 50 / 0.75, rel=0.01)


@pytest.mark.parametrize(("adaptive", "adapt"), [(False, True), (True, False)], ids=["not adaptive", "Retry-After"])
def test_the_rate_stays_where_the_lane_is_not_adaptive_or_a_time_was_named(
    lanes: Lanes, *, adaptive: bool, adapt: bool
) -> None:
    configure(lanes, acme={"limits": ["50/s"], "adaptive": adaptive})
    throttle(lanes, "a", adapt=adapt)
    assert share(lanes) is None
