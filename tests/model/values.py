"""What are the values of the model? A job, its lease, a lane: nothing in them is counted twice. Microseconds."""

from __future__ import annotations

from dataclasses import dataclass, field

from workers.config import Limit

Key = tuple[str, str]
"""Account and id of a job."""


@dataclass
class Lease:
    fence: int
    ends: int
    runner: str
    probe: bool = False
    to_end: bool = False  # nothing will be sent: the job was cancelled, or its time is over
    asked: int = 0
    permit_at: int = 0
    changed: bool = False


@dataclass
class Job:
    account: str
    id: str
    operation: str
    digest: str
    priority: int
    sequence: int
    run: int
    due: int
    expires_at: int
    ends_at: int
    answer_at: int | None  # when it is taken to be answered; None: it was taken, or has ended
    state: str = "waiting"
    lease: Lease | None = None
    fence: int = 0  # of its last lease
    settled: int = 0  # the last fence that settled it
    attempts: int = 0
    requests: int = 0
    look: bool = False
    looks: int = 0
    unknown_since: int = 0
    changed_at: int = 0
    throttles: int = 0
    rescues: int = 0
    lines: int = 0
    notes: dict[str, str] = field(default_factory=dict)
    event: str | None = None
    category: str | None = None

    @property
    def key(self) -> Key:
        return self.account, self.id


@dataclass
class Lane:
    held_until: int = 0
    paused_until: int = 0
    failures: int = 0
    opens: int = 0
    open_until: int | None = None
    handed_out: int = 0
    cap: int = 0
    limits: tuple[Limit, ...] = ()
    configured: tuple[Limit, ...] = ()
    ordered: bool = False
    limited_since: int = 0
    last_use: int = 0  # the last time it gave a job or a permit
    permits: list[int] = field(default_factory=list)  # under its limits, by their moments

    def set_limits(self, limits: tuple[Limit, ...], now: int) -> None:
        if limits != self.limits:
            self.limits, self.limited_since = limits, now
