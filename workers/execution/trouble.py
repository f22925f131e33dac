"""What has a job been through before this attempt? As its record tells it."""

from __future__ import annotations

from dataclasses import dataclass

from workers.lanes.state import Record
from workers.outcome import Said, Unseen


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the job has been through before this attempt."""

    attempts: int = 0
    throttles: int = 0  # in a row, up to now
    looks: int = 0
    unknown: bool = False  # an earlier request's outcome is unknown, and has not been found out
    unknown_since: float | None = None
    last: Said | None = None  # how the last attempt ended, in the provider's words or ours
    probe: bool = False  # the lane's breaker is open, and this attempt is its probe


def trouble_of(record: Record) -> Trouble:
    """What stands in the record."""
    return Trouble(
        attempts=record.attempts,
        throttles=record.throttles,
        looks=record.looks,
        unknown=record.look,
        unknown_since=record.unknown_since,
        last=_last_said(record),
        probe=record.probe,
    )


def _last_said(record: Record) -> Said | None:
    """What the last attempt was told that was more than a look-up in vain."""
    for line in reversed(record.history):
        if line.get("message") and line["outcome"] != Unseen.__name__:
            return Said(line["message"], line.get("provider_code"), line.get("http_status"))
    return None
