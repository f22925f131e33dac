"""When does a lane's breaker open, probe and close, and what becomes of jobs that cost their workers the life?"""

from __future__ import annotations

import pytest
import redis
from lane_acts import accept, configure, finish, new_lanes, start, started, take
from real import wait_until

from workers.lanes.lanes import MAX_RESCUES, Lanes
from workers.lanes.state import Again, Health, Permitted, Record, Refusal, Refused

AUTH = {"category": "auth"}
RETRY = {"breaker_failures": 2, "breaker_open_s": 0.1, "breaker_open_cap_s": 0.3}


@pytest.fixture
def lanes(state: redis.Redis) -> Lanes:
    lanes = new_lanes(state)
    configure(lanes, acme={"retry": RETRY})
    return lanes


def fail(lanes: Lanes, record: Record) -> None:
    assert finish(lanes, record, dead=AUTH, health=Health.BAD)


def opened(lanes: Lanes) -> None:
    for name in ("a", "b"):
        fail(lanes, started(lanes, name))


def breaker(lanes: Lanes) -> tuple[str | None, str | None]:
    lane = lanes.lane("acme")
    return lane.get("failures"), lane.get("opens")


def test_a_run_of_failures_opens_the_breaker_and_jobs_wait(lanes: Lanes) -> None:
    opened(lanes)
    accept(lanes, "c")
    assert take(lanes) == []
    looked = lanes.take(32, 10.0)
    assert looked.next_look_s is not None
    assert 0 < looked.next_look_s <= 0.1


def test_a_success_between_failures_keeps_it_closed(lanes: Lanes) -> None:
    fail(lanes, started(lanes, "a"))
    finish(lanes, started(lanes, "b"), health=Health.GOOD)
    fail(lanes, started(lanes, "c"))
    accept(lanes, "d")
    assert len(take(lanes)) == 1


def test_what_says_nothing_about_the_provider_neither_opens_nor_closes_it(lanes: Lanes) -> None:
    fail(lanes, started(lanes, "a"))
    finish(lanes, started(lanes, "b"))
    fail(lanes, started(lanes, "c"))
    accept(lanes, "d")
    assert take(lanes) == []


def test_it_probes_with_one_job_at_a_time_and_a_success_closes_it(lanes: Lanes) -> None:
    opened(lanes)
    for name in ("c", "d", "e"):
        accept(lanes, name)
    probe = start(lanes, wait_until(lambda: take(lanes))[0])
    assert probe.probe
    assert take(lanes) == []
    assert isinstance(lanes.permit(probe, 1, changes=True), Permitted)
    finish(lanes, probe, health=Health.GOOD)
    assert [job.id for job in take(lanes)] == ["d", "e"]
    assert breaker(lanes) == (None, None)


def test_a_probe_that_fails_opens_it_again_for_longer(lanes: Lanes) -> None:
    opened(lanes)
    accept(lanes, "c")
    for opens in ("1", "2", "3"):
        assert lanes.lane("acme")["opens"] == opens
        probe = start(lanes, wait_until(lambda: take(lanes))[0])
        lanes.give_back(probe, Again(None, spent=False), health=Health.BAD)
        assert take(lanes) == []
    looked = lanes.take(32, 10.0)
    assert looked.next_look_s is not None
    assert 0.2 < looked.next_look_s <= 0.3


def test_a_probe_whose_worker_is_lost_is_followed_by_another(state: redis.Redis) -> None:
    lanes = new_lanes(state, request_timeout_s=-14.8)
    configure(lanes, acme={"retry": RETRY})
    opened(lanes)
    accept(lanes, "c")
    start(lanes, wait_until(lambda: take(lanes))[0])
    wait_until(lambda: lanes.rescue() == (0, 1))
    assert start(lanes, wait_until(lambda: take(lanes))[0]).probe


def test_jobs_that_were_handed_out_before_it_opened_go_back_unsent(lanes: Lanes) -> None:
    first, second, late = (accept(lanes, name) and name for name in ("a", "b", "late"))
    records = [start(lanes, job) for job in take(lanes)]
    assert [record.id for record in records] == [first, second, late]
    assert isinstance(lanes.permit(records[0], 1, changes=True), Permitted)
    for record in records[:2]:
        fail(lanes, record)
    refused = lanes.permit(records[2], 1, changes=True)
    assert isinstance(refused, Refused)
    assert refused.why is Refusal.PAUSED


def test_failures_of_what_was_in_flight_when_it_opened_do_not_lengthen_its_wait(lanes: Lanes) -> None:
    for name in ("a", "b", "c", "d"):
        accept(lanes, name)
    for record in [start(lanes, job) for job in take(lanes)]:
        fail(lanes, record)
    assert breaker(lanes) == ("4", "1")


def test_a_breaker_is_its_lanes_own(lanes: Lanes) -> None:
    opened(lanes)
    accept(lanes, "a", account="globex")
    assert len(take(lanes)) == 1


def test_a_job_that_costs_worker_after_worker_is_left_to_be_answered(state: redis.Redis) -> None:
    lanes = new_lanes(state, request_timeout_s=-14.8)
    accept(lanes, "poison")
    for _ in range(MAX_RESCUES):
        start(lanes, take(lanes)[0])
        wait_until(lambda: lanes.rescue() == (0, 1))
    assert take(lanes) == []
    (record,) = lanes.take_ended("runner")
    assert (record.id, record.rescues) == ("poison", MAX_RESCUES)
