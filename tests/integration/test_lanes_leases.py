"""Who may work on a job, and until when? Leases and notes, each act alone, on every server."""

from __future__ import annotations

import time

import pytest
import redis
from lane_acts import AGAIN, accept, finish, lanes_with_short_leases, new_lanes, outbox, start, started, take
from real import wait_until

from workers.lanes.lanes import Lanes
from workers.lanes.state import Again, Noted, Permitted, Refusal, Refused


@pytest.fixture
def lanes(state: redis.Redis) -> Lanes:
    return new_lanes(state)


def test_a_lease_that_was_handed_out_runs_from_its_first_sign_of_life_and_for_longer(lanes: Lanes) -> None:
    for job_id in ("a", "b"):
        accept(lanes, job_id)
    one, two = take(lanes, lease_s=0.2)
    assert isinstance(lanes.permit(one, 1, changes=False), Permitted)
    assert lanes.note(two, {}, "reading") is Noted.DONE
    assert {lanes.show("acme", job_id)["state"] for job_id in ("a", "b")} == {"running"}  # type: ignore[index]
    assert lanes.client.zcard(f"{lanes.partition}:handed") == 0
    assert lanes.client.zrange(f"{lanes.partition}:running", 0, -1, withscores=True)[0][1] > (time.time() + 30) * 1e6


def test_a_lease_that_nobody_starts_returns_the_job_to_its_place_with_nothing_spent(lanes: Lanes) -> None:
    accept(lanes, "a")
    accept(lanes, "b")
    (stale, _) = take(lanes, lease_s=0.05)
    wait_until(lambda: lanes.rescue() == (2, 0) or None, what="the leases' end")
    assert lanes.permit(stale, 1, changes=True) == Refused(Refusal.LOST, 0.0)
    assert not finish(lanes, stale)
    fresh = take(lanes)
    assert [job.id for job in fresh] == ["a", "b"]
    assert start(lanes, fresh[0]).attempts == 0


def test_a_worker_that_is_lost_before_any_request_costs_no_attempt(state: redis.Redis) -> None:
    lanes = lanes_with_short_leases(state)
    started(lanes)
    wait_until(lambda: lanes.rescue() == (0, 1), what="the lease's end")
    record = start(lanes, take(lanes)[0])
    assert (record.attempts, record.requests, record.look) == (0, 0, False)


def test_a_worker_that_is_lost_after_a_changing_request_leaves_its_outcome_to_be_looked_for(state: redis.Redis) -> None:
    lanes = lanes_with_short_leases(state)
    record = started(lanes)
    sent_at = time.time()
    assert isinstance(lanes.permit(record, 1, changes=True), Permitted)
    wait_until(lambda: lanes.rescue() == (0, 1), what="the lease's end")
    again = start(lanes, take(lanes)[0])
    assert (again.attempts, again.requests, again.look) == (1, 1, True)
    assert again.unknown_since == pytest.approx(sent_at, abs=0.9)
    assert again.history[0]["outcome"] == "Unknown"


def test_a_zombie_can_neither_send_nor_settle(state: redis.Redis) -> None:
    lanes = lanes_with_short_leases(state)
    zombie = started(lanes)
    wait_until(lambda: lanes.rescue() == (0, 1), what="the lease's end")
    start(lanes, take(lanes)[0])
    assert lanes.permit(zombie, 1, changes=True) == Refused(Refusal.LOST, 0.0)
    assert not lanes.give_back(zombie, AGAIN)
    assert not finish(lanes, zombie)
    assert outbox(lanes) == 0


def test_a_fencing_number_is_never_given_twice_even_by_a_store_that_lost_its_last_writes(lanes: Lanes) -> None:
    before = started(lanes, "a")
    lanes.client.delete(f"{lanes.partition}:fence")
    lanes.client.set(f"{lanes.partition}:fence", 3)
    after = started(lanes, "b")
    assert after.fence > before.fence
    assert started(lanes, "c").fence > after.fence


def test_a_lease_that_ran_out_sends_nothing_even_before_it_is_rescued(state: redis.Redis) -> None:
    lanes = lanes_with_short_leases(state)
    record = started(lanes)
    ends = f"{lanes.partition}:running"
    wait_until(lambda: lanes.client.zscore(ends, "acme/a") < time.time() * 1e6, what="the lease's end")
    assert lanes.permit(record, 1, changes=True) == Refused(Refusal.LOST, 0.0)


def test_a_repeated_settling_is_done_once(lanes: Lanes) -> None:
    record = started(lanes)
    assert finish(lanes, record)
    assert finish(lanes, record)
    assert outbox(lanes) == 1
    assert lanes.lane("acme")["in_flight"] == "0"


def test_a_job_goes_back_with_what_it_has_been_through(lanes: Lanes) -> None:
    record = started(lanes)
    again = Again(0.0, spent=True, look=True, looks=2, unknown_since=7.0, throttles=3)
    assert lanes.give_back(record, again, requests=4, line='{"outcome":"Unknown"}')
    after = start(lanes, take(lanes)[0])
    assert (after.attempts, after.requests, after.look, after.looks, after.throttles) == (1, 4, True, 2, 3)
    assert after.unknown_since == 7.0
    assert after.history == ({"outcome": "Unknown"},)


def test_a_job_whose_waiting_is_over_is_leased_to_be_answered(lanes: Lanes) -> None:
    accept(lanes, "old", max_age_s=0.05)
    accept(lanes, "expired", expires_at=time.time() - 1)
    accept(lanes, "young")
    ended: list[str] = []
    wait_until(lambda: ended.extend(record.id for record in lanes.take_ended("r")) or len(ended) == 2, what="two ended")
    assert sorted(ended) == ["expired", "old"]
    assert [job.id for job in take(lanes)] == ["young"]


def test_notes_are_there_for_the_next_attempt_and_gone_with_the_run(lanes: Lanes) -> None:
    record = started(lanes)
    assert record.notes == {}
    assert lanes.note(record, {"a": [1]}, "half") is Noted.DONE
    assert lanes.note(record, {"b": "2"}, "half") is Noted.DONE
    shown = lanes.show("acme", "a")
    assert shown is not None
    assert shown["progress"] == "half"
    lanes.give_back(record, AGAIN)
    again = start(lanes, take(lanes)[0])
    assert again.notes == {"a": [1], "b": "2"}
    assert not (lanes.show("acme", "a") or {})["progress"]
    finish(lanes, again, dead={"category": "auth"})
    assert not any("note" in name for name in lanes.show("acme", "a") or {})
    lanes.replay("acme", "a", 1, 60.0)
    assert start(lanes, take(lanes)[0]).notes == {}


def test_a_note_renews_the_lease_and_is_refused_without_one(state: redis.Redis) -> None:
    lanes = lanes_with_short_leases(state)
    record = started(lanes)
    ends = time.monotonic() + 2.5
    while time.monotonic() < ends:  # several times as long as the lease
        assert lanes.note(record, {}, "on and on") is Noted.DONE
        assert lanes.rescue() == (0, 0)
    wait_until(lambda: lanes.rescue() == (0, 1))
    assert lanes.note(record, {}, "too late") is Noted.LOST


def test_a_note_says_when_the_jobs_time_is_over(lanes: Lanes) -> None:
    record = started(lanes, max_age_s=0.2)
    wait_until(lambda: lanes.note(record, {}, "") is Noted.ENDED)
