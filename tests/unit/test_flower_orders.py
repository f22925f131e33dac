"""What does the page of an order lead to? To what it found, and to what has died since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import redis

from workers.dead_letters.trail import Trail
from workers.monitoring.flower.orders import Order


def order(given: dict[str, str], ago: timedelta) -> Order:
    began = (datetime.now(UTC) - ago).isoformat()
    return Order("id", "edit", Trail(redis.Redis(), "ann", "edit", {}), given, 0.0, None, began)


def test_what_it_found_is_what_had_died_before_it_began_however_old_that_is_now() -> None:
    minute = timedelta(minutes=1, milliseconds=500)
    assert order({"category": "auth"}, minute).found == {"category": "auth", "older_than": "60s"}
    aged = order({"newer_than": "1h", "older_than": "30min"}, minute).found
    assert aged == {"newer_than": "3661s", "older_than": "1860s"}


def test_what_has_died_since_is_asked_for_in_its_lanes() -> None:
    given = {"provider": "pubmatic", "category": "auth"}
    assert order(given, timedelta(minutes=1)).died_since == {"provider": "pubmatic", "newer_than": "60s"}
    assert order({}, timedelta(days=20)).died_since == {"newer_than": "28800.000min"}
