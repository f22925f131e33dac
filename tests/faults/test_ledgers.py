"""Would each broken promise be found? Ledgers with one fault planted in each."""

from __future__ import annotations

from typing import Any

import pytest

from faults.backlog import Backlog
from faults.door import Door, windows_over
from faults.limits import Limited
from faults.orders import Order
from faults.producer import Confirmed
from faults.received import Received
from faults.reconcile import Findings, reconcile
from faults.schedule import AFTER_A_STORM_S, BEFORE_A_STORM_S, LONG, SHORT, Kind, planned
from faults.storms import calm_after

JOB = "mintegral/acme/order-1/1"
ORDERS = [Order(b"{}", JOB, "one"), Order(b"?", "rejected/ab")]
REJECTED: dict[str, Any] = {
    "id": "rejected/ab",
    "type": "audience.job.rejected",
    "data": {"status": "rejected", "error": {"category": "invalid_job"}},
}


def event(status: str = "succeeded", event_id: str = JOB, **data: Any) -> dict[str, Any]:
    return {"id": event_id, "type": f"audience.job.{status}", "data": {"status": status, **data}}


def failed(category: str) -> dict[str, Any]:
    return event("failed", error={"category": category})


def request(name: str = "one", applied: str | None = "1", **other: Any) -> dict[str, Any]:
    return {"method": "POST", "name": name, "applied": applied, **other}


def found(events: list[dict[str, Any]], requests: list[dict[str, Any]]) -> Findings:
    return reconcile(ORDERS, requests, events)


def test_ledgers_that_agree_break_no_promise() -> None:
    assert found([event(), REJECTED], [request()]).wrong == {}


def test_the_same_event_once_more_is_counted_and_allowed() -> None:
    seen = found([event(), event(), REJECTED, REJECTED], [request()])
    assert (seen.wrong, seen.repeats) == ({}, 2)


def test_an_unknown_outcome_is_named_and_allowed() -> None:
    seen = found([failed("outcome_unknown"), REJECTED], [request()])
    assert (seen.wrong, seen.unknown) == ({}, [JOB])


@pytest.mark.parametrize(
    ("events", "requests", "wrong"),
    [
        ([REJECTED], [request()], {"lost": [JOB]}),
        ([event()], [request()], {"lost": ["rejected/ab"]}),
        ([event(), event(event_id=JOB[:-1] + "2"), REJECTED], [request()], {"unasked": [JOB[:-1] + "2"]}),
        ([event(), event(attempts=2), REJECTED], [request()], {"altered": [JOB]}),
        ([event(), REJECTED], [request(), request(applied="2")], {"duplicates": {"one": 2}}),
        ([failed("unavailable"), REJECTED], [request()], {"untold": [JOB]}),
        ([event(), REJECTED], [request(applied=None)], {"imagined": [JOB]}),
    ],
)
def test_what_does_not_agree_is_found(
    events: list[dict[str, Any]], requests: list[dict[str, Any]], wrong: dict[str, Any]
) -> None:
    assert found(events, requests).wrong == wrong


def test_a_create_that_is_sent_again_is_counted_also_where_the_provider_refused_it() -> None:
    seen = found([event(), REJECTED], [request(), request(applied=None)])
    assert (seen.wrong, seen.sent_again) == ({}, ["one"])


def test_a_window_with_one_request_too_many_is_found() -> None:
    even = [0.0, 0.5, 1.0, 1.5]
    assert windows_over(even, 2, 0.98) == 0
    assert windows_over([*even, 1.4], 2, 0.98) == 2


def test_a_request_is_noted_with_its_lane_and_the_time_at_which_it_left() -> None:
    door = Door()
    door.see(b"POST /v1/audience HTTP/1.1\r\nhost: h\r\npubtoken: sandbox-pubmatic-token-acme\r\n\r\n", 1.0)
    door.see(b'{"a": "POST /"}', 2.0)
    door.see(b"GET /api HTTP/1.1\r\naccess-key: sandbox-mintegral-access-globex\r\n\r\n", 3.0)
    assert (door.of("pubmatic/acme"), door.of("mintegral"), door.of("pubmatic")) == ([1.0], [3.0], [1.0])


def test_early_requests_and_a_late_full_rate_after_a_storm_are_found() -> None:
    def at(moment: float, fault: str | None = None) -> dict[str, Any]:
        lane = {"provider": "mintegral", "account": "acme"}
        return {**lane, "at": moment, "at_monotonic": moment, "ended_monotonic": moment, "fault": fault}

    refused = [at(0.0, "throttled"), at(0.25, "throttled")]
    slow = [at(6.0), at(7.5)]
    steady = [at(9 + number / 2) for number in range(20)]
    requests, limits = [*refused, at(3.0), *slow, *steady], [Limited("mintegral/acme", "2/s")]
    orders = [Confirmed(Order(b"{}", f"mintegral/acme/{number}/1"), 0.0) for number in range(26)]
    answered = [Received({"id": "mintegral/acme/0/1"}, 0.5)]
    storm: dict[str, Any] = {"began_at": 0.0, "ended_at": 1.0, "retry_after_s": 5.0, "limits": limits}
    (calm,) = calm_after(requests, Backlog(orders, answered), **storm)
    assert (calm.throttled, calm.early, calm.stragglers_s) == (2, 1, 0.25)
    assert (calm.first_s, calm.full_rate_s) == (0.75, 3.75)
    assert calm_after(requests, Backlog(orders[1:], answered), **storm) == []


@pytest.mark.parametrize("size", [SHORT, LONG])
def test_the_seed_alone_decides_the_plan_and_storms_find_calm_lanes(size: Any) -> None:
    plan = planned(5, size)
    assert plan == planned(5, size)
    assert plan != planned(6, size)
    storms = [each.at_s for each in plan if each.kind is Kind.STORM]
    assert len(storms) == size.storms
    for each in plan:
        if each.kind is not Kind.STORM:
            ends_s = each.at_s + each.for_s
            assert not any(each.at_s < at + AFTER_A_STORM_S and ends_s > at - BEFORE_A_STORM_S for at in storms)
