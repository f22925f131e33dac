"""What do the lanes say of a job, and what are they told? The answers of the scripts, as values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

NOTE = b"note:"  # as lane.lua has it


class Accepted(StrEnum):
    """What became of a valid job at the door."""

    NEW = "new"
    DUPLICATE = "duplicate"
    REPEATED = "repeated"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A valid job at the door. Times are seconds since the epoch; ``digest`` tells the contents of one id apart."""

    account: str
    id: str
    operation: str
    digest: str
    body: bytes
    priority: int
    not_before: float | None
    expires_at: float | None
    max_age_s: float


class Refusal(StrEnum):
    """Why no permit was given."""

    LIMITED = "limited"
    PAUSED = "paused"
    EXPIRED = "expired"
    LOST = "lost"


class Health(StrEnum):
    """What an attempt says of its account's way to the provider, for the lane's breaker."""

    GOOD = "good"
    BAD = "bad"
    UNTOLD = ""


class Finished(IntEnum):
    """Whether a lease was settled with an ending. ``FREED``: it was, and its lane or provider, once full, has room."""

    LOST = 0
    DONE = 1
    FREED = 2


class Noted(StrEnum):
    """Whether a running job's notes were written down."""

    DONE = "done"
    LOST = "lost"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Permitted:
    """One request may be sent ``wait_s`` from now, and not before; ``timed``: nor later.

    ``asked_at`` is when the state store was asked, on the clock of ``distance.now_s``; ``way_s`` how far away it is.
    """

    wait_s: float
    timed: bool
    asked_at: float
    way_s: float


@dataclass(frozen=True, slots=True)
class Refused:
    """No request may be sent; ``wait_s`` says when asking again makes sense."""

    why: Refusal
    wait_s: float


class LeaseLost(Exception):  # noqa: N818 - an ending: the job is somebody else's now
    """The lease has gone to another worker, or the job has ended: send nothing, settle nothing."""


@dataclass(frozen=True, slots=True)
class Record:
    """A job as the state store holds it, with the lease it is held by. Times are seconds since the epoch."""

    account: str
    id: str
    operation: str
    body: bytes
    run: int
    fence: int
    attempts: int
    requests: int
    throttles: int
    rescues: int
    look: bool
    looks: int
    unknown_since: float | None
    probe: bool
    accepted_at: float
    started_at: float | None
    expires_at: float | None
    ends_at: float
    notes: dict[str, Any]
    history: tuple[dict[str, Any], ...]

    @property
    def key(self) -> tuple[str, str]:
        return self.account, self.id


@dataclass(frozen=True, slots=True)
class Taken:
    """What a look at the lanes gave. ``next_look_s`` None: nothing will change by itself."""

    jobs: tuple[Record, ...]
    next_look_s: float | None
    rescue_is_due: bool


@dataclass(frozen=True, slots=True)
class Again:
    """How a job goes back to its lane."""

    after_s: float | None  # None: it keeps its place
    spent: bool
    look: bool = False
    looks: int = 0
    unknown_since: float | None = None
    unknown_now: bool = False  # the changing request of this attempt is the one whose outcome is unknown
    throttles: int = 0
    pause_s: float = 0.0
    adapt: bool = False  # the rate was too high, and nobody said for how long to wait
    pause_reason: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a held job ends. ``dead``: the fields of its dead letter, where it ended badly."""

    held: Record
    state: str
    attempts: int
    requests: int
    event: bytes
    routing_key: str
    keep_s: float
    line: str
    dead: Mapping[str, str] | None
    dead_keep_s: float
    health: Health = Health.UNTOLD


_NUMBERS = frozenset(
    b"run fence attempts requests throttles rescues look looks unknown_since probe accepted_at started_at expires_at "
    b"ends_at".split()
)


def record_of(answer: list[Any]) -> Record:
    """The record in what a script answered: account, id, body, and the hash as names and values in turn."""
    account, job_id, body, fields = answer
    raw = dict(zip(fields[::2], fields[1::2], strict=True))
    number = {name: int(float(raw[name])) for name in _NUMBERS & raw.keys() if raw[name]}.get
    lines = raw.get(b"history", b"").decode().splitlines()
    return Record(
        account=account.decode(),
        id=job_id.decode(),
        operation=raw[b"operation"].decode(),
        body=body,
        run=number(b"run", 0),
        fence=number(b"fence", 0),
        attempts=number(b"attempts", 0),
        requests=number(b"requests", 0),
        throttles=number(b"throttles", 0),
        rescues=number(b"rescues", 0),
        look=number(b"look") == 1,
        looks=number(b"looks", 0),
        unknown_since=number(b"unknown_since", 0) / 1e6 or None,
        probe=number(b"probe") == 1,
        accepted_at=number(b"accepted_at", 0) / 1e6,
        started_at=number(b"started_at", 0) / 1e6 or None,
        expires_at=number(b"expires_at", 0) / 1e6 or None,
        ends_at=number(b"ends_at", 0) / 1e6,
        notes={name[len(NOTE) :].decode(): json.loads(raw[name]) for name in raw if name.startswith(NOTE)},
        history=tuple(json.loads(line) for line in lines),
    )
