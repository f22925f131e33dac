"""When may a request go? Permits, pauses and expiry, each act alone, on every server."""

from __future__ import annotations

import itertools
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from lane_acts import (
    accept,
    configure,
    finish,
    lanes_with_short_leases,
    new_lanes,
    permit_moments_s,
    start,
    started,
    take,
)
from real import wait_until

from workers.lanes.lanes import Lanes
from workers.lanes.state import Again, Permitted, Record, Refusal, Refused


@pytest.fixture
def lanes(state: redis.Redis) -> Lanes:
    return new_lanes(state)


def test_permits_are_spread_evenly_and_reach_the_full_rate(lanes: Lanes) -> None:
    configure(lanes, acme={"limits": ["20/s"]})
    gaps = [later - earlier for earlier, later in itertools.pairwise(permit_moments_s(lanes, started(lanes), 21))]
    assert [min(gaps), statistics.median(gaps)] == pytest.approx([1.02 / 20, 1.02 / 20], abs=1e-5)


def test_a_burst_goes_at_once_and_then_the_rate_holds(lanes: Lanes) -> None:
    configure(lanes, acme={"limits": ["2/s burst 5"]})
    given = permit_moments_s(lanes, started(lanes), 7)
    assert given[4] < 0.5 <= given[5]
    assert 1.0 <= given[6] < 1.5


def test_several_limits_hold_at_once(lanes: Lanes) -> None:
    configure(lanes, acme={"limits": ["100/s burst 100", "60/min burst 3"]})
    given = permit_moments_s(lanes, started(lanes), 4)
    assert given[2] < 0.5
    assert given[3] >= 1.0


def test_two_limits_of_one_spacing_are_spent_once(lanes: Lanes) -> None:
    configure(lanes, acme={"limits": ["1/s burst 5", "60/min burst 5"]})
    assert permit_moments_s(lanes, started(lanes), 5)[4] < 0.5


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


def started_many(lanes: Lanes, count: int) -> list[Record]:
    for number in range(count):
        accept(lanes, f"job-{number}")
    return [start(lanes, record) for record in take(lanes, count)]


def test_threads_that_ask_at_once_go_together_and_no_two_get_one_permit(lanes: Lanes, state: redis.Redis) -> None:
    records = started_many(lanes, 32)
    configure(lanes, acme={"limits": ["20/h burst 20"]})
    state.config_resetstat()
    with ThreadPoolExecutor(32) as threads:
        answers = list(threads.map(lambda record: lanes.permit(record, 1, changes=False), records))
    assert [type(answer) for answer in answers].count(Permitted) == 20
    asked = sum(int(lanes.show(*record.key)["asked"]) for record in records)  # type: ignore[index]
    assert asked == 20
    calls: Any = state.info("commandstats")
    assert calls["cmdstat_evalsha"]["calls"] < 32


def test_a_job_that_somebody_has_written_over_keeps_no_other_from_its_permit(lanes: Lanes, state: redis.Redis) -> None:
    records = started_many(lanes, 8)
    state.set(f"{lanes.partition}:job:acme/{records[3].id}", "somebody else's")

    def asks(record: Record) -> type:
        try:
            return type(lanes.permit(record, 1, changes=False))
        except redis.ResponseError as error:
            return type(error)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(asks, records))
    assert [answer is Permitted for answer in answers] == [place != 3 for place in range(8)]
    assert answers[3] is redis.ResponseError


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
    record = started(lanes, expires_at=time.time() + 1)

    numbers = itertools.count(1)

    def expired() -> bool:
        answer = lanes.permit(record, next(numbers), changes=True)
        return isinstance(answer, Refused) and answer.why is Refusal.EXPIRED

    wait_until(expired, what="the job's expiry")


def test_a_permit_is_not_good_for_a_moment_after_the_jobs_expiry(lanes: Lanes) -> None:
    configure(lanes, acme={"limits": ["1/h"]})
    record = started(lanes, expires_at=time.time() + 600)
    assert isinstance(lanes.permit(record, 1, changes=True), Permitted)
    assert lanes.permit(record, 2, changes=True) == Refused(Refusal.EXPIRED, 0.0)  # good an hour from now


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
    until = time.monotonic() + 2.5  # more than two leases
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
