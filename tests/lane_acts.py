"""How do tests act on the lanes? The acts of a job's life, each in one line."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import redis
from real import wait_until

from workers.config import ProviderConfig
from workers.lanes.lanes import Lanes
from workers.lanes.state import Accepted, Again, Arrival, Ending, Finished, Health, Noted, Permitted, Record

CONFIG = ProviderConfig(base_url="http://provider")
AGAIN = Again(after_s=0.0, spent=True)


def new_lanes(state: redis.Redis, request_timeout_s: float = 30.0) -> Lanes:
    lanes = Lanes(state, "pubmatic", CONFIG, request_timeout_s)
    configure(lanes)
    return lanes


def configure(
    lanes: Lanes, *, limits: Sequence[str] = (), whole: dict[str, Any] | None = None, **accounts: dict[str, Any]
) -> None:
    """``whole`` is more of the provider's own table."""
    table = {"base_url": "http://provider", "limits": limits, "accounts": accounts} | (whole or {})
    lanes.config = ProviderConfig.model_validate(table)
    lanes.configure()


def accept(lanes: Lanes, job_id: str, account: str = "acme", **other: Any) -> Accepted:
    fields: dict[str, Any] = {
        "account": account, "id": job_id, "operation": "create_audience", "digest": "d", "body": b"{}",
        "priority": 5, "not_before": None, "expires_at": None, "max_age_s": 3600.0,
    }  # fmt: skip
    (accepted,) = lanes.accept([Arrival(**{**fields, **other})])
    return accepted


def take(lanes: Lanes, most: int = 32, lease_s: float = 10.0) -> list[Record]:
    return list(lanes.take(most, lease_s).jobs)


def start(lanes: Lanes, record: Record) -> Record:
    """Its attempt gives the first sign of life."""
    assert lanes.note(record, {}, "") is not Noted.LOST
    return record


def started(lanes: Lanes, job_id: str = "a", **other: Any) -> Record:
    accept(lanes, job_id, **other)
    return start(lanes, wait_until(lambda: take(lanes), what="the job's turn")[0])


def permit_moments_s(lanes: Lanes, record: Record, count: int) -> list[float]:
    """When each of the attempt's first permits is good, from the first: as the state store noted it, by its own clock.

    A test that is held up asks late, which may set two of them further apart, never nearer.
    """
    found = []
    for number in range(1, count + 1):
        wait_until(partial(_has_permit, lanes, record, number), what="a permit")
        shown = lanes.show(*record.key)
        assert shown
        found.append(int(shown["permit_at"]))
    return [(moment - found[0]) / 1e6 for moment in found]


def _has_permit(lanes: Lanes, record: Record, number: int) -> bool:
    return isinstance(lanes.permit(record, number, changes=False), Permitted)


def finish(
    lanes: Lanes,
    record: Record,
    *,
    dead: dict[str, str] | None = None,
    keep_s: float = 60.0,
    health: Health = Health.UNTOLD,
) -> bool:
    ending = Ending(
        record, state="failed" if dead else "succeeded", attempts=1, requests=1, event=b'{"id":"e"}',
        routing_key="pubmatic.create_audience.x", keep_s=keep_s, line="", health=health, dead=dead, dead_keep_s=60.0,
    )  # fmt: skip
    (done,) = lanes.finish([ending])
    return done is not Finished.LOST


def outbox(lanes: Lanes) -> int:
    return int(lanes.client.xlen(f"{lanes.partition}:outbox"))


def lanes_with_short_leases(state: redis.Redis) -> Lanes:
    """Leases of 1 s: the margin of 15 s is more than a test should wait, and less is soon over on a busy machine."""
    return new_lanes(state, request_timeout_s=-14.0)
