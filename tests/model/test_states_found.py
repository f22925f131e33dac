"""What was found wrong when the model was built? The shortest play of each fault; each failed first."""

from __future__ import annotations

import job_acts
import order_acts
import pytest
from play import Play
from tables import config, limits

from workers.lanes.state import Permitted, Record, Refusal, Refused

A, B = ("acme", "a"), ("acme", "b")
S = 1_000_000


def running(play: Play) -> Record:
    """The job A, begun."""
    job_acts.accept(play, A)
    (record,) = job_acts.take(play)
    job_acts.note(play, record)
    return record


def test_a_pause_that_is_made_shorter_ends_when_it_now_says(play: Play) -> None:
    order_acts.configure(play, config())
    job_acts.accept(play, A)
    order_acts.pause(play, "acme", 600.0)
    assert job_acts.take(play) == []
    order_acts.pause(play, "acme", 5.0)
    play.advance(5 * S)
    assert len(job_acts.take(play)) == 1


def test_a_limit_that_comes_back_begins_with_the_last_permit(play: Play) -> None:
    order_acts.configure(play, config(limits=["1/s"]))
    record = running(play)
    assert isinstance(job_acts.permit(play, record, 1), Permitted)
    order_acts.set_limits(play, "acme", limits("2/s"))
    for number in (2, 3):
        play.advance(515_000)
        assert isinstance(job_acts.permit(play, record, number), Permitted)
    order_acts.set_limits(play, "acme", ())
    refused = job_acts.permit(play, record, 4)
    assert isinstance(refused, Refused)
    assert (refused.why, round(refused.wait_s, 2)) == (Refusal.LIMITED, 1.02)


def test_a_permit_that_one_limit_puts_off_leaves_the_time_before_it_to_others(play: Play) -> None:
    order_acts.configure(play, config(limits=["5/s"], whole={"limits": ["20/s"]}))
    job_acts.accept(play, A)
    job_acts.accept(play, ("globex", "a"))
    (one,), (other,) = job_acts.take(play, 1), job_acts.take(play, 1)
    asked = [job_acts.permit(play, record, number) for record, number in ((one, 1), (one, 2), (other, 1))]
    waits = [permitted.wait_s for permitted in asked if isinstance(permitted, Permitted)]
    assert waits == pytest.approx([0.0, 0.204, 0.051], abs=0.001)


def test_a_job_of_another_operation_need_not_wait_for_the_limit_of_the_one_before_it(play: Play) -> None:
    order_acts.configure(play, config(operations={"create": {"limits": ["1/h"]}}))
    job_acts.permit(play, running(play), 1)
    job_acts.accept(play, B, priority=5)
    job_acts.accept(play, ("acme", "c"), operation="list", priority=9, due_in_us=10 * S)
    assert job_acts.take(play) == []
    play.advance(10 * S)
    assert [job.id for job in job_acts.take(play)] == ["c"]


def test_a_repeated_cancellation_gets_the_lease_that_the_first_one_took(play: Play) -> None:
    job_acts.accept(play, A)
    assert isinstance(order_acts.cancel(play, A, "operator", twice=True), Record)
    assert order_acts.cancel(play, A, "another operator") == "running"
