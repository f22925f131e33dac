"""Which jobs may be handed out, in which order, and which must be? What every take is held against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from expected import Expected
from observed import ACCOUNTS, HANDED_AHEAD_US, WHOLE
from values import Job, Lane

from workers.lanes.lanes import written
from workers.lanes.state import Record

AGED_US = 60 * 1_000_000
ROUNDED_US = 100
NEVER = 1 << 62


def check_take(model: Expected, jobs: Sequence[Record], most: int, lease_us: int) -> None:
    """Each job was the next of a lane that might give one; and no lane that surely might was left out."""
    assert len(jobs) <= most
    for handed in jobs:
        job = model.jobs[handed.account, handed.id]
        assert job in first_of(model, handed.account), f"{handed} is not due, or others come before it"
        assert (job.operation, job.run) == (handed.operation, handed.run)
        assert may_give(model, handed.account), f"the lane of {handed} may give nothing"
        for name in scopes(job):
            model.lane(name).last_use = max(model.lane(name).last_use, model.now)
        model.hand(job, handed.fence, lease_us, probe=model.lane(job.account).open_until is not None)
    if len(jobs) < most:
        left = [account for account in ACCOUNTS if must_give(model, account)]
        assert not left, f"these lanes had a job that might go: {left}"


def first_of(model: Expected, account: str) -> list[Job]:
    """The jobs that may be next: the first due one, and where a limit may hold its operation, the first of another.

    Priority goes before time; but one time in ten the longest due of those that have aged comes first.
    """
    due = [job for job in model.waiting(account) if job.due <= model.now]
    ordered = sorted(due, key=lambda job: (-job.priority, job.due, job.sequence))
    if model.lane(account).handed_out % 10 == 9:
        ordered.sort(key=lambda job: job.due if job.due < model.now - AGED_US else NEVER)
    found: dict[str, Job] = {}
    for job in ordered:
        found.setdefault(job.operation, job)
        if model.now > _free_at(model.lane(name) for name in operation_scopes(found[job.operation])):
            break
    return list(found.values())


def may_give(model: Expected, account: str) -> bool:
    """Neither paused nor full, nor open, nor probing; under limits it may still have to wait."""
    paused = max(model.paused_until(account), model.paused_until(WHOLE), model.lane(account).open_until or 0)
    return paused <= model.now and has_room(model, account) and not 0 < model.lane(WHOLE).cap <= model.in_flight(WHOLE)


def has_room(model: Expected, account: str) -> bool:
    lane, in_flight = model.lane(account), model.in_flight(account)
    return not 0 < lane.cap <= in_flight and (lane.open_until is None or in_flight == 0)


def must_give(model: Expected, account: str) -> bool:
    """Nothing has held one of its jobs for longer than a turn may take."""
    since = model.now - ROUNDED_US
    return may_give(model, account) and any(_turn(model, job, since) <= model.now for job in model.waiting(account))


def check_turns(model: Expected, turns: Mapping[str, int]) -> None:
    """The dispatcher looks at a lane no later than it may give. ``turns``: when it will look at each."""
    for account in ACCOUNTS:
        if has_room(model, account):
            latest = min((_turn(model, job, model.now) for job in model.waiting(account)), default=NEVER)
            assert turns.get(account, NEVER) <= latest, f"the lane of {account} is looked at too late"


def _turn(model: Expected, job: Job, since: int) -> int:
    """The latest time at which the lane gives this job or another, if nothing else happens."""
    lane = model.lane(job.account)
    at = max(since, job.due, model.paused_until(job.account), lane.open_until or 0)
    return max(at + ROUNDED_US, free_at(model, job))


def surely_free(model: Expected, job: Job) -> bool:
    """No limit can still hold the job: each has been left alone for longer than it makes anything wait."""
    return model.now > free_at(model, job)


def free_at(model: Expected, job: Job) -> int:
    return _free_at(limited_by(model, job))


def _free_at(lanes: Iterable[Lane]) -> int:
    return max(
        (lane.last_use + HANDED_AHEAD_US + interval + ROUNDED_US for lane in lanes for interval, _ in spacings(lane)),
        default=0,
    )


def scopes(job: Job) -> tuple[str, ...]:
    """The names of the limits that apply to a job."""
    return job.account, WHOLE, *operation_scopes(job)


def operation_scopes(job: Job) -> tuple[str, ...]:
    return f"{job.account}/{job.operation}", f"{WHOLE}/{job.operation}"


def limited_by(model: Expected, job: Job) -> Iterator[Lane]:
    return (lane for name in scopes(job) if (lane := model.lane(name)).limits)


def spacings(lane: Lane) -> list[tuple[int, int]]:
    """Interval and burst of each limit, as the scripts are told them."""
    pairs = (text.split(":") for text in written(lane.limits)[0].split())
    return [(int(interval), int(burst)) for interval, burst in pairs]
