"""How is every edge of the drawing gone? Short plays, each of one machine."""

from __future__ import annotations

import job_acts
import order_acts
from play import Play
from tables import config, limits
from values import Key

from workers.lanes.lanes import MAX_RESCUES
from workers.lanes.state import Again, Health, Record

A, B, C, D = (("acme", name) for name in "abcd")
S = 1_000_000
AGAIN = Again(0.0, spent=True)
HOURLY = config(limits=["1/h"])


def handed(play: Play, key: Key = A) -> Record:
    job_acts.accept(play, key)
    (job,) = job_acts.take(play)
    return job


def begun(play: Play, key: Key = A) -> Record:
    record = handed(play, key)
    job_acts.note(play, record)
    return record


def sent(play: Play, key: Key = A) -> Record:
    record = handed(play, key)
    job_acts.permit(play, record, 1)
    return record


def lose(play: Play) -> None:
    """Let every lease run out."""
    play.advance(60 * S)
    job_acts.rescue(play)


def a_job_ends_well_and_its_id_is_free_again(play: Play) -> None:
    job_acts.finish(play, sent(play))
    job_acts.end_record(play, A)
    job_acts.accept(play, A)


def a_job_dies_and_is_replayed_before_and_after_its_record_ends(play: Play) -> None:
    job_acts.finish(play, sent(play), category="auth")
    job_acts.replay(play, A, 1)
    job_acts.finish(play, begun(play), category="auth")
    job_acts.end_record(play, A)
    job_acts.replay(play, A, 2)


def a_job_goes_back(play: Play) -> None:
    job_acts.put_back(play, handed(play))
    job_acts.give_back(play, handed(play), AGAIN)
    handed(play)
    lose(play)
    job_acts.give_back(play, begun(play), AGAIN)
    begun(play)
    lose(play)


def the_oldest_goes_first_once_in_ten_when_it_has_aged(play: Play) -> None:
    job_acts.accept(play, A, priority=0)
    play.advance(1)
    job_acts.accept(play, B, priority=9)
    order = ""
    for age_us in (0, 61 * S):
        play.advance(age_us)
        for _ in range(10):
            (taken,) = job_acts.take(play, 1)
            order += taken.id
            job_acts.put_back(play, taken)
    assert order == "b" * 19 + "a"


def a_job_costs_worker_after_worker(play: Play) -> None:
    for _ in range(MAX_RESCUES):
        begun(play)
        lose(play)
    assert job_acts.take(play) == []
    (record,) = job_acts.take_ended(play, "runner")
    assert record.rescues == MAX_RESCUES


def a_job_ends_without_a_request(play: Play) -> None:
    job_acts.finish(play, handed(play))
    job_acts.finish(play, handed(play, B), category="internal")


def a_job_ends_while_it_waits(play: Play) -> None:
    job_acts.accept(play, A, age_us=S)
    play.advance(S)
    job_acts.take_ended(play, "runner")
    job_acts.accept(play, B)
    order_acts.cancel(play, B, "operator")


def an_operator_holds_a_lane(play: Play) -> None:
    order_acts.pause(play, "acme", None)
    job_acts.accept(play, A)
    assert job_acts.take(play) == []
    order_acts.resume(play, "acme")
    assert len(job_acts.take(play)) == 1
    order_acts.pause(play, "acme", 5.0)
    play.advance(5 * S)


def a_provider_pauses_a_lane(play: Play) -> None:
    job_acts.give_back(play, sent(play), Again(None, spent=False, pause_s=5.0))
    play.advance(5 * S)


def a_probe_closes_the_breaker(play: Play) -> None:
    job_acts.finish(play, sent(play), category="auth", health=Health.BAD)
    play.advance(10 * S)
    job_acts.finish(play, sent(play, B), health=Health.GOOD)


def probes_do_not_close_it(play: Play) -> None:
    job_acts.give_back(play, sent(play), AGAIN, health=Health.BAD)
    order_acts.resume(play, "acme")
    job_acts.finish(play, sent(play), category="auth", health=Health.BAD)
    play.advance(20 * S)
    job_acts.give_back(play, sent(play, B), AGAIN, health=Health.BAD)
    play.advance(30 * S)
    job_acts.give_back(play, begun(play, B), AGAIN)
    job_acts.put_back(play, handed(play, B))
    handed(play, B)
    lose(play)
    job_acts.finish(play, begun(play, B), category="expired")


def what_was_in_flight_when_it_opened_comes_in(play: Play) -> None:
    first, second, third, fourth = (sent(play, key) for key in (A, B, C, D))
    job_acts.finish(play, first, category="auth", health=Health.BAD)
    job_acts.finish(play, second, health=Health.GOOD)
    job_acts.finish(play, third, category="auth", health=Health.BAD)
    play.advance(10 * S)
    job_acts.finish(play, fourth, health=Health.GOOD)


def what_was_in_flight_opens_it_again(play: Play) -> None:
    first, second, third = (sent(play, key) for key in (A, B, C))
    job_acts.finish(play, first, category="auth", health=Health.BAD)
    play.advance(10 * S)
    job_acts.finish(play, second, category="auth", health=Health.BAD)
    play.advance(20 * S)
    job_acts.give_back(play, third, AGAIN, health=Health.BAD)


def a_lane_is_full(play: Play) -> None:
    order_acts.configure(play, config(max_in_flight=1))
    job_acts.put_back(play, handed(play))
    handed(play)
    lose(play)
    job_acts.give_back(play, begun(play), AGAIN)
    record = begun(play)
    order_acts.configure(play, config(max_in_flight=2))
    order_acts.configure(play, config(max_in_flight=1))
    job_acts.finish(play, record)


def a_lane_is_full_of_what_ends(play: Play) -> None:
    order_acts.configure(play, config(max_in_flight=1))
    job_acts.accept(play, A)
    order_acts.cancel(play, A, "operator")
    lose(play)
    play.advance(job_acts.DAY_US)
    job_acts.take_ended(play, "runner")


def a_lane_is_at_its_rate_for_what_has_not_asked_yet(play: Play) -> None:
    order_acts.configure(play, HOURLY)
    job_acts.put_back(play, handed(play))
    handed(play)
    lose(play)
    job_acts.give_back(play, begun(play), AGAIN)
    job_acts.finish(play, begun(play), category="expired")


def a_lane_is_at_its_rate_for_what_it_sent(play: Play) -> None:
    record = begun(play)
    order_acts.configure(play, HOURLY)
    job_acts.permit(play, record, 1)
    job_acts.accept(play, B)
    assert job_acts.take(play) == []
    order_acts.configure(play, config())
    order_acts.configure(play, HOURLY)
    assert job_acts.take(play) == []
    order_acts.set_limits(play, "acme", limits("50/s"))
    play.advance(S)
    order_acts.set_limits(play, "acme", ())
    play.advance(3700 * S)
    assert len(job_acts.take(play)) == 1


STORIES = (
    a_job_ends_well_and_its_id_is_free_again,
    a_job_dies_and_is_replayed_before_and_after_its_record_ends,
    a_job_goes_back,
    the_oldest_goes_first_once_in_ten_when_it_has_aged,
    a_job_costs_worker_after_worker,
    a_job_ends_without_a_request,
    a_job_ends_while_it_waits,
    an_operator_holds_a_lane,
    a_provider_pauses_a_lane,
    a_probe_closes_the_breaker,
    probes_do_not_close_it,
    what_was_in_flight_when_it_opened_comes_in,
    what_was_in_flight_opens_it_again,
    a_lane_is_full,
    a_lane_is_full_of_what_ends,
    a_lane_is_at_its_rate_for_what_has_not_asked_yet,
    a_lane_is_at_its_rate_for_what_it_sent,
)
