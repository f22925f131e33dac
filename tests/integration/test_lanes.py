"""What do the lanes' scripts promise? Each act alone, on every server that can hold the state."""

from __future__ import annotations

import itertools
import time

import pytest
import redis
from lane_acts import AGAIN, accept, configure, finish, new_lanes, outbox, start, started, take
from real import wait_until

from workers.lanes.lanes import Lanes
from workers.lanes.state import Accepted, Again, Noted, Permitted, Record, Refusal, Refused


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


# ── Leases ──────────────────────────────────────────────────────────────────────────────────────────────────────


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
    assert again.unknown_since == pytest.approx(sent_at, abs=0.5)
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


# ── Permits ─────────────────────────────────────────────────────────────────────────────────────────────────────


def moments(lanes: Lanes, record: Record, count: int) -> list[float]:
    """When each of so many permits is good, in seconds from the first."""
    numbers, found = itertools.count(1), []
    for _ in range(count):
        number = next(numbers)

        def given(number: int = number) -> Permitted | None:
            answer = lanes.permit(record, number, changes=False)
            return answer if isinstance(answer, Permitted) else None

        permitted = wait_until(given, what="a permit")
        found.append(time.monotonic() + permitted.wait_s)
    return [moment - found[0] for moment in found]


def test_permits_are_spread_evenly_and_reach_the_full_rate(lanes: Lanes) -> None:
    configure(lanes, acme={"limits": ["20/s"]})
    given = moments(lanes, started(lanes), 21)
    assert all(later - earlier >= 0.05 - 0.02 for earlier, later in itertools.pairwise(given))
    assert given[20] == pytest.approx(1.0, abs=0.1)


def test_a_burst_goes_at_once_and_then_the_rate_holds(lanes: Lanes) -> None:
    configure(lanes, acme={"limits": ["10/s burst 5"]})
    given = moments(lanes, started(lanes), 8)
    assert given[4] < 0.05
    assert given[7] == pytest.approx(0.3, abs=0.1)


def test_several_limits_hold_at_once(lanes: Lanes) -> None:
    configure(lanes, acme={"limits": ["100/s burst 100", "300/min burst 3"]})
    record = started(lanes)
    assert moments(lanes, record, 3)[2] < 0.05
    answer = lanes.permit(record, 4, changes=False)
    assert isinstance(answer, Permitted)  # 200 ms ahead
    refused = lanes.permit(record, 5, changes=False)
    assert isinstance(refused, Refused)
    assert refused.wait_s == pytest.approx(0.4, abs=0.1)


def test_two_limits_of_one_spacing_are_spent_once(lanes: Lanes) -> None:
    configure(lanes, acme={"limits": ["1/s burst 5", "60/min burst 5"]})
    given = moments(lanes, started(lanes), 5)
    assert given[4] < 0.05


def test_a_provider_limit_holds_over_its_accounts(lanes: Lanes) -> None:
    configure(lanes, limits=["1/min"], acme={}, globex={})
    assert isinstance(lanes.permit(started(lanes), 1, changes=False), Permitted)
    accept(lanes, "b", account="globex")
    assert take(lanes) == []


def test_a_refused_permit_spends_none_of_the_limits(lanes: Lanes) -> None:
    configure(lanes, acme={"limits": ["1000/s burst 1000", "1/h"]})
    record = started(lanes)
    lanes.permit(record, 1, changes=False)
    before = lanes.lane("acme")
    assert isinstance(lanes.permit(record, 2, changes=False), Refused)
    assert lanes.lane("acme") == before


def test_a_repeated_command_takes_no_second_permit(lanes: Lanes) -> None:
    configure(lanes, acme={"limits": ["1/h"]})
    record = started(lanes)
    assert isinstance(lanes.permit(record, 1, changes=False), Permitted)
    assert isinstance(lanes.permit(record, 1, changes=False), Permitted)
    assert isinstance(lanes.permit(record, 2, changes=False), Refused)


def test_jobs_are_handed_out_at_the_rate_of_their_permits(lanes: Lanes) -> None:
    configure(lanes, acme={"limits": ["1/min"]})
    for number in range(5):
        accept(lanes, f"job-{number}")
    assert len(take(lanes)) == 1
    taken = lanes.take(32, 10.0)
    assert taken.jobs == ()
    assert taken.next_look_s is not None


@pytest.mark.parametrize("pause_s", [30.0])
def test_a_paused_lane_hands_out_nothing_and_sends_nothing(lanes: Lanes, pause_s: float) -> None:
    for name in ("a", "b", "c"):
        accept(lanes, name)
    one, two, _ = (start(lanes, handed) for handed in take(lanes))
    lanes.give_back(one, Again(None, spent=False, pause_s=pause_s, pause_reason="the provider said so"))
    refused = lanes.permit(two, 1, changes=True)
    assert isinstance(refused, Refused)
    assert refused.why is Refusal.PAUSED
    assert refused.wait_s == pytest.approx(pause_s, abs=1)
    assert take(lanes) == []
    assert lanes.lane("acme")["pause_reason"] == "the provider said so"
    accept(lanes, "other", account="globex")
    assert [job.account for job in take(lanes)] == ["globex"]


def test_a_shorter_pause_does_not_end_a_longer_one(lanes: Lanes) -> None:
    accept(lanes, "a")
    accept(lanes, "b")
    one, two = (start(lanes, handed) for handed in take(lanes))
    lanes.give_back(one, Again(None, spent=False, pause_s=60.0))
    until = lanes.lane("acme")["paused_until"]
    lanes.give_back(two, Again(None, spent=False, pause_s=1.0))
    assert lanes.lane("acme")["paused_until"] == until


def test_a_job_that_expired_is_not_sent(lanes: Lanes) -> None:
    record = started(lanes, expires_at=time.time() + 0.2)

    numbers = itertools.count(1)

    def expired() -> bool:
        answer = lanes.permit(record, next(numbers), changes=True)
        return isinstance(answer, Refused) and answer.why is Refusal.EXPIRED

    wait_until(expired, what="the job's expiry")


def test_a_permit_is_not_good_for_a_moment_after_the_jobs_expiry(lanes: Lanes) -> None:
    configure(lanes, acme={"limits": ["5/s"]})
    record = started(lanes, expires_at=time.time() + 0.1)
    assert isinstance(lanes.permit(record, 1, changes=True), Permitted)
    assert lanes.permit(record, 2, changes=True) == Refused(Refusal.EXPIRED, 0.0)  # good 200 ms from now


@pytest.mark.parametrize("moment", [-62135596800.0, -1.0, 0.0], ids=["year 1", "1969", "1970"])
def test_a_job_that_expired_long_ago_is_not_sent(lanes: Lanes, moment: float) -> None:
    assert isinstance(lanes.permit(started(lanes, expires_at=moment), 1, changes=True), Refused)


def test_lanes_take_turns_under_the_limit_that_they_share(lanes: Lanes) -> None:
    configure(lanes, limits=["40/s"], acme={}, globex={}, initech={})
    for account, number in itertools.product(("acme", "globex", "initech"), range(40)):
        accept(lanes, f"job-{number}", account=account)
    served: list[str] = []

    def thirty() -> bool:
        for handed in take(lanes):
            served.append(handed.account)
            record = start(lanes, handed)
            lanes.permit(record, 1, changes=False)
            finish(lanes, record)
        return len(served) >= 30

    wait_until(thirty, what="thirty jobs")
    assert all(served.count(account) >= 9 for account in ("acme", "globex", "initech"))


def test_a_higher_limit_takes_effect_at_once(lanes: Lanes) -> None:
    configure(lanes, acme={"limits": ["1/day"]})
    accept(lanes, "a")
    accept(lanes, "b")
    assert len(take(lanes)) == 1
    assert take(lanes) == []
    configure(lanes, acme={"limits": ["100/s"]})
    wait_until(lambda: take(lanes), what="the second job")


def test_lanes_that_lost_their_limits_get_them_back_before_anything_goes(lanes: Lanes) -> None:
    configure(lanes, acme={"limits": ["1/h"]})
    lanes.client.flushall()
    for number in range(3):
        accept(lanes, f"job-{number}")
    assert lanes.take(32, 10.0).jobs == ()
    assert len(take(lanes)) == 1


def test_a_lease_that_nobody_used_does_not_cost_the_permit_that_was_not_spent(state: redis.Redis) -> None:
    lanes = new_lanes(state)
    configure(lanes, acme={"limits": ["1/h"]})
    accept(lanes, "a")
    assert len(take(lanes, lease_s=0.05)) == 1
    wait_until(lambda: lanes.rescue() == (1, 0), what="the lease's end")
    assert len(take(lanes)) == 1


def test_waiting_for_a_permit_keeps_the_lease(state: redis.Redis) -> None:
    lanes = lanes_with_short_leases(state)
    configure(lanes, acme={"limits": ["1/h"]})
    record = started(lanes)
    lanes.permit(record, 1, changes=False)
    until = time.monotonic() + 0.5  # more than two leases
    while time.monotonic() < until:
        refused = lanes.permit(record, 2, changes=False)
        assert isinstance(refused, Refused)
        assert refused.why is Refusal.LIMITED


def test_a_job_that_was_only_handed_out_forgets_nothing_when_it_returns(lanes: Lanes) -> None:
    look = Again(0.0, spent=True, look=True, looks=1, unknown_since=7.0, throttles=2)
    lanes.give_back(started(lanes), look, requests=1)
    (handed,) = take(lanes)
    lanes.put_back(handed)
    record = start(lanes, take(lanes)[0])
    assert (record.look, record.looks, record.unknown_since, record.throttles) == (True, 1, 7.0, 2)


def test_a_pause_outlives_the_job_that_met_it_and_lasts_a_day_at_most(lanes: Lanes) -> None:
    record = started(lanes, max_age_s=60.0)
    lanes.give_back(record, Again(None, spent=False, pause_s=600.0))
    assert int(lanes.lane("acme")["paused_until"]) / 1e6 - time.time() == pytest.approx(600, abs=5)
    record = started(lanes, "b", account="globex", max_age_s=60.0)
    lanes.give_back(record, Again(None, spent=False, pause_s=999_999_999.0))
    assert int(lanes.lane("globex")["paused_until"]) / 1e6 - time.time() == pytest.approx(86_400, abs=5)


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


def lanes_with_short_leases(state: redis.Redis) -> Lanes:
    """Leases of 0.2 s: the margin of 15 s is more than a test should wait."""
    return new_lanes(state, request_timeout_s=-14.8)


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
    ends = time.monotonic() + 0.5
    while time.monotonic() < ends:  # several times as long as the lease
        assert lanes.note(record, {}, "on and on") is Noted.DONE
        assert lanes.rescue() == (0, 0)
    wait_until(lambda: lanes.rescue() == (0, 1))
    assert lanes.note(record, {}, "too late") is Noted.LOST


def test_a_note_says_when_the_jobs_time_is_over(lanes: Lanes) -> None:
    record = started(lanes, max_age_s=0.2)
    wait_until(lambda: lanes.note(record, {}, "") is Noted.ENDED)
