"""What do the lanes' scripts promise of acceptance, order and replay? Each act alone, on every server."""

from __future__ import annotations

import time

import pytest
import redis
from lane_acts import AGAIN, accept, configure, finish, new_lanes, outbox, start, started, take
from real import wait_until

from workers.lanes.lanes import Lanes
from workers.lanes.state import Accepted


@pytest.fixture
def lanes(state: redis.Redis) -> Lanes:
    return new_lanes(state)


# ── Acceptance ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_job_twice_is_one_job(lanes: Lanes) -> None:
    assert accept(lanes, "a") is Accepted.NEW
    assert accept(lanes, "a") is Accepted.DUPLICATE
    assert [job.id for job in take(lanes)] == ["a"]


def test_the_same_id_with_other_content_is_a_conflict(lanes: Lanes) -> None:
    accept(lanes, "a")
    assert accept(lanes, "a", digest="other") is Accepted.CONFLICT


def test_the_same_id_in_another_account_is_another_job(lanes: Lanes) -> None:
    accept(lanes, "a")
    assert accept(lanes, "a", account="globex", digest="other") is Accepted.NEW


def test_a_job_that_has_ended_is_answered_again_with_its_stored_event(lanes: Lanes) -> None:
    finish(lanes, started(lanes))
    assert outbox(lanes) == 1
    assert accept(lanes, "a") is Accepted.REPEATED
    assert outbox(lanes) == 2
    assert take(lanes) == []


def test_an_id_is_free_again_when_its_record_ends(lanes: Lanes) -> None:
    finish(lanes, started(lanes), keep_s=0.05)
    wait_until(lambda: accept(lanes, "a") is Accepted.NEW, what="the end of the record")


def test_an_id_that_returns_while_its_dead_letter_is_kept_is_a_new_run(lanes: Lanes) -> None:
    finish(lanes, started(lanes), dead={"category": "auth"}, keep_s=0.05)
    wait_until(lambda: accept(lanes, "a") is Accepted.NEW, what="the end of the record")
    assert take(lanes)[0].run == 2


# ── Order ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "key",
    [
        "job:acme/b", "bodies:acme", "lane:acme", "lane:*", "lane:acme:rows", "lane:acme:waiting:5/create_audience",
        "lanes", "ends", "accounts", "wake", "sequence",
    ],
)  # fmt: skip
def test_a_key_that_somebody_else_has_written_keeps_a_job_out_until_it_is_gone(lanes: Lanes, key: str) -> None:
    """All of a job is stored, or nothing: half of one would be a duplicate for ever, and never run."""
    accept(lanes, "a", "globex")
    wrong = f"{lanes.partition}:{key}"
    lanes.client.delete(wrong)
    lanes.client.set(wrong, "of somebody else")
    with pytest.raises(redis.ResponseError, match=r"WRONGTYPE|not an integer"):
        accept(lanes, "b")
    lanes.client.delete(wrong)
    lanes.configure()
    assert accept(lanes, "b") is Accepted.NEW
    assert lanes.lane("acme")["waiting"] == "1"
    assert [job.id for job in take(lanes) if job.account == "acme"] == ["b"]


@pytest.mark.parametrize("key", ["outbox", "dead", "dead:groups"])
def test_a_job_does_not_end_while_somebody_elses_key_stands_where_its_ending_should(lanes: Lanes, key: str) -> None:
    record = started(lanes)
    lanes.client.set(f"{lanes.partition}:{key}", "of somebody else")
    for _ in range(2):
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
            finish(lanes, record, dead={"category": "auth"})
    lanes.client.delete(f"{lanes.partition}:{key}")
    assert finish(lanes, record, dead={"category": "auth"})
    assert outbox(lanes) == 1
    assert lanes.client.zrange(f"{lanes.partition}:dead", 0, -1) == [b"acme/a/1"]


@pytest.mark.parametrize("key", ["wake", "dead:groups"])
def test_a_key_that_somebody_else_has_written_costs_no_dead_letter(lanes: Lanes, key: str) -> None:
    finish(lanes, started(lanes), dead={"category": "auth"})
    wrong = f"{lanes.partition}:{key}"
    lanes.client.set(wrong, "up")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        lanes.replay("acme", "a", 1, 60.0)
    lanes.client.delete(wrong)
    assert lanes.replay("acme", "a", 1, 60.0) == "replayed"


def test_what_somebody_else_has_written_is_named(lanes: Lanes) -> None:
    lanes.client.set(f"{lanes.partition}:wake", "up")
    with pytest.raises(redis.ResponseError, match=r"audience:\{pubmatic\}:wake is a string .* delete it"):
        accept(lanes, "a")


def test_jobs_of_a_lane_start_in_the_order_of_their_acceptance(lanes: Lanes) -> None:
    configure(lanes, acme={"max_in_flight": 100})
    for number in range(20):
        accept(lanes, f"job-{number:02}"[::-1])
    assert [job.id[::-1] for job in take(lanes)] == [f"job-{number:02}" for number in range(20)]


def test_jobs_of_one_due_time_start_in_the_order_of_their_acceptance(lanes: Lanes) -> None:
    moment = time.time() - 5
    for name in ("b", "a", "c"):
        accept(lanes, name, not_before=moment)
    assert [job.id for job in take(lanes)] == ["b", "a", "c"]


def test_higher_priorities_start_first(lanes: Lanes) -> None:
    for priority in (0, 5, 9):
        accept(lanes, f"p{priority}", priority=priority)
    assert [job.id for job in take(lanes)] == ["p9", "p5", "p0"]


def test_lanes_take_turns(lanes: Lanes) -> None:
    configure(lanes, acme={"max_in_flight": 100}, globex={"max_in_flight": 100})
    for number in range(10):
        accept(lanes, f"a{number}")
    for number in range(3):
        accept(lanes, f"g{number}", account="globex")
    turns = [job.account for job in take(lanes, most=2)] + [job.account for job in take(lanes, most=4)]
    assert turns.count("globex") == 3


def test_a_job_is_not_handed_out_before_its_time(lanes: Lanes) -> None:
    accept(lanes, "later", not_before=time.time() + 0.3)
    taken = lanes.take(32, 10.0)
    assert taken.jobs == ()
    assert taken.next_look_s is not None
    assert 0.1 < taken.next_look_s <= 0.3
    wait_until(lambda: take(lanes), what="the job's time")


def test_no_more_jobs_of_an_account_are_in_flight_than_it_may_have(lanes: Lanes) -> None:
    configure(lanes, acme={"max_in_flight": 2})
    for number in range(5):
        accept(lanes, f"job-{number}")
    first = take(lanes)
    assert len(first) == 2
    assert take(lanes) == []
    finish(lanes, start(lanes, first[0]))
    assert len(take(lanes)) == 1


def test_the_dispatcher_is_woken_by_what_lets_a_job_run(lanes: Lanes) -> None:
    lanes.take(32, 10.0)
    lanes.client.delete(f"{lanes.partition}:wake")
    accept(lanes, "a")
    began = time.monotonic()
    lanes.wait_for_change(5.0)
    assert time.monotonic() - began < 1.0


def test_what_one_dispatcher_has_no_room_for_wakes_another(lanes: Lanes) -> None:
    for number in range(3):
        accept(lanes, f"job-{number}")
    wake = f"{lanes.partition}:wake"
    for most, woken in ((1, 1), (0, 1), (100, 0)):
        lanes.client.delete(wake)
        assert len(take(lanes, most=most)) == min(most, 2)
        assert lanes.client.llen(wake) == woken


def test_a_wake_up_for_a_job_whose_time_is_to_come_goes_on_from_who_has_no_room(lanes: Lanes) -> None:
    wake = f"{lanes.partition}:wake"
    lanes.client.delete(wake)
    lanes.take(0, 10.0, woken=True)
    assert not lanes.client.exists(wake)
    accept(lanes, "later", not_before=time.time() + 60)
    for most, woken, goes_on in ((1, True, 0), (0, True, 1), (0, False, 0)):
        lanes.client.delete(wake)
        assert lanes.take(most, 10.0, woken=woken).jobs == ()
        assert lanes.client.llen(wake) == goes_on


def test_the_end_of_a_lease_wakes_nobody_while_there_is_room(lanes: Lanes) -> None:
    configure(lanes, acme={"max_in_flight": 2}, globex={"max_in_flight": 2})
    for account in ("acme", "globex", "acme", "acme"):
        accept(lanes, f"job-{time.monotonic_ns()}", account=account)
    held = {job.account: start(lanes, job) for job in take(lanes)}
    for account, woken in (("globex", 0), ("acme", 1)):
        lanes.permit(held[account], 1, changes=False)
        lanes.client.delete(f"{lanes.partition}:wake")
        finish(lanes, held[account])
        assert lanes.client.llen(f"{lanes.partition}:wake") == woken


# ── Replay ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_dead_job_is_replayed_as_its_next_run_with_its_history(lanes: Lanes) -> None:
    accept(lanes, "a", priority=9)
    record = start(lanes, take(lanes)[0])
    lanes.give_back(record, AGAIN, requests=1, line='{"outcome":"Unavailable"}')
    finish(lanes, start(lanes, take(lanes)[0]), dead={"category": "unavailable"})
    assert lanes.replay("acme", "a", 1, 60.0) == "replayed"
    accept(lanes, "live", priority=1)
    live, replayed = take(lanes)
    assert (live.id, replayed.id, replayed.run) == ("live", "a", 2)
    after = start(lanes, replayed)
    assert (after.attempts, after.requests, after.body) == (0, 0, b"{}")
    assert after.history == ({"outcome": "Unavailable"},)


def test_a_replay_of_an_unknown_outcome_looks_before_it_sends(lanes: Lanes) -> None:
    finish(lanes, started(lanes), dead={"category": "outcome_unknown"})
    lanes.replay("acme", "a", 1, 60.0)
    assert start(lanes, take(lanes)[0]).look


def test_a_dead_letter_is_replayed_once(lanes: Lanes) -> None:
    finish(lanes, started(lanes), dead={"category": "auth"})
    assert lanes.replay("acme", "a", 1, 60.0) == "replayed"
    assert lanes.replay("acme", "a", 1, 60.0) == "gone"


def test_a_replay_takes_no_run_that_another_dead_letter_has(lanes: Lanes) -> None:
    for _ in range(2):
        finish(lanes, started(lanes), dead={"category": "auth"}, keep_s=0.02)
        wait_until(lambda: lanes.show("acme", "a") is None, what="the end of the record")
    assert lanes.replay("acme", "a", 1, 60.0) == "replayed"
    assert take(lanes)[0].run == 3


def test_a_job_is_replayed_long_after_its_idempotency_record_ended(lanes: Lanes) -> None:
    finish(lanes, started(lanes), dead={"category": "auth"}, keep_s=0.05)
    wait_until(lambda: lanes.show("acme", "a") is None, what="the end of the record")
    assert lanes.replay("acme", "a", 1, 60.0) == "replayed"
    assert take(lanes)[0].run == 2
