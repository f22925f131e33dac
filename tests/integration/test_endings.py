"""How do endings reach the state store when it fails? Each is kept for a while, and none holds up the others."""

from __future__ import annotations

import time
from collections import Counter

import pytest
import redis
from lane_acts import accept, configure, new_lanes, outbox, start, take
from structlog.testing import capture_logs

from schemas.job import Job
from workers.execution.attempt import Attempted
from workers.execution.endings import BATCH, GATHER_S, Endings
from workers.execution.settle import Ran
from workers.execution.trouble import Trouble
from workers.execution.verdict import Dead, Done
from workers.lanes.lanes import Lanes
from workers.lanes.state import Record
from workers.outcome import Rejected, Said, Succeeded
from workers.settings import Settings

NO_PATIENCE = Settings(request_timeout_s=1e-9)


@pytest.fixture
def lanes(state: redis.Redis) -> Lanes:
    return new_lanes(state)


@pytest.fixture
def endings(lanes: Lanes) -> Endings:
    return Endings(lanes, Settings())


def add(endings: Endings, record: Record, verdict: Done | Dead | None = None) -> None:
    """A job whose request was answered well, or so."""
    job = Job(id=record.id, provider="pubmatic", account=record.account, operation=record.operation, payload={})
    done, now = Done(Succeeded({"deleted": ["1"]})), time.time()
    outcome = Rejected(verdict.said) if isinstance(verdict, Dead) else done.outcome
    ran = Ran(record, job, (), Attempted(outcome, Trouble()), 1, now, now)
    endings.add(ran, verdict or done)


def run(lanes: Lanes, *accounts: str) -> list[Record]:
    for account in accounts:
        accept(lanes, "a", account)
    return [start(lanes, record) for record in take(lanes)]


def test_what_has_ended_together_is_settled_together(lanes: Lanes, endings: Endings) -> None:
    for record in run(lanes, "acme", "globex", "hooli"):
        add(endings, record)
    with capture_logs() as logged:
        endings.turn()
    assert outbox(lanes) == 3
    assert [line["event"] for line in logged] == ["attempt", "job.ended"] * 3


def test_a_full_lane_waits_for_no_gathering(lanes: Lanes, endings: Endings) -> None:
    configure(lanes, acme={"max_in_flight": 1}, globex={"max_in_flight": 2})
    for account, gathers_s in ("acme", None), ("globex", GATHER_S):
        (record,) = run(lanes, account)
        add(endings, record)
        assert endings.turn() == gathers_s


def test_a_full_provider_waits_for_no_gathering(lanes: Lanes, endings: Endings) -> None:
    configure(lanes, whole={"max_in_flight": 1}, acme={"max_in_flight": 2})
    (record,) = run(lanes, "acme")
    add(endings, record)
    assert endings.turn() is None


def test_what_no_event_and_no_history_can_carry_holds_up_nobody(lanes: Lanes, endings: Endings) -> None:
    """An adapter's fault: a code that is no text."""
    odd = Dead("rejected_by_provider", Said("no", code=b"bytes"), spent=True)  # type: ignore[arg-type]
    for record, verdict in zip(run(lanes, "acme", "globex", "hooli"), (None, odd, None), strict=True):
        add(endings, record, verdict)
    with capture_logs() as logged:
        endings.turn()
    assert outbox(lanes) == 3
    assert [line["category"] for line in logged if line["event"] == "job.ended"] == [None, "internal", None]


def test_a_lost_lease_settles_nothing_and_holds_up_nobody(lanes: Lanes, endings: Endings) -> None:
    zombie, other = run(lanes, "acme", "globex")
    lanes.client.hset(f"{lanes.partition}:job:{zombie.account}/a", "fence", zombie.fence + 1)
    add(endings, zombie)
    add(endings, other)
    with capture_logs() as logged:
        endings.turn()
    assert outbox(lanes) == 1
    assert [line["verdict"] for line in logged if line["event"] == "attempt"] == ["lease_lost", "succeeded"]


def test_one_that_cannot_be_settled_holds_up_nobody_and_is_kept(lanes: Lanes, endings: Endings) -> None:
    for record in run(lanes, "acme", "globex"):
        add(endings, record)
    lane = f"{lanes.partition}:lane:acme"
    kept = lanes.client.dump(lane)
    lanes.client.set(lane, "no hash")
    with pytest.raises(redis.ResponseError):
        endings.turn()
    assert outbox(lanes) == 1
    lanes.client.restore(lane, 0, kept, replace=True)
    endings.turn()
    assert outbox(lanes) == 2


def test_an_outage_is_waited_out(lanes: Lanes, endings: Endings) -> None:
    (record,) = run(lanes, "acme")
    there, lanes.client = lanes.client, redis.Redis(port=1)
    add(endings, record)
    with pytest.raises(redis.ConnectionError):
        endings.turn()
    lanes.client = there
    endings.close()
    assert outbox(lanes) == 1


def test_what_is_not_settled_in_time_is_left_to_its_lease(lanes: Lanes) -> None:
    endings = Endings(lanes, NO_PATIENCE)
    (record,) = run(lanes, "acme")
    lanes.client = redis.Redis(port=1)
    add(endings, record)
    with capture_logs() as logged, pytest.raises(redis.ConnectionError):
        endings.close()
    assert [(line["event"], line["job_id"]) for line in logged] == [("attempt.left", "a")]


def test_a_late_one_is_settled_where_its_lease_still_stands(lanes: Lanes) -> None:
    endings = Endings(lanes, NO_PATIENCE)
    (record,) = run(lanes, "acme")
    add(endings, record)
    endings.turn()
    assert outbox(lanes) == 1


def test_the_last_ones_are_all_tried_also_where_some_cannot_be_settled(lanes: Lanes, endings: Endings) -> None:
    for number in range(BATCH + 1):
        accept(lanes, f"a{number}")
    for record in [start(lanes, record) for _ in range(3) for record in take(lanes)]:
        add(endings, record)
    add(endings, run(lanes, "globex")[0])
    lanes.client.set(f"{lanes.partition}:lane:acme", "no hash")
    with capture_logs() as logged:
        endings.close()
    assert Counter(line["event"] for line in logged) == {"attempt.left": BATCH + 1, "attempt": 1, "job.ended": 1}
    assert outbox(lanes) == 1
