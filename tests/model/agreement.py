"""Does Redis hold what the model says? Every job in exactly one place, every counter what the sets say."""

from __future__ import annotations

from expected import Expected
from observed import ACCOUNTS, JOBS, WHOLE, Fields, Seen
from turns import check_turns
from values import Job, Lane

from workers.lanes.lanes import written


def check_agreement(seen: Seen, model: Expected) -> None:
    for key in JOBS:
        job = model.jobs.get(key)
        assert (job is None) == (not seen.jobs[key])
        if job:
            _agree(f"the job {key}", seen.jobs[key], _job(job))
    for name in (*ACCOUNTS, WHOLE):
        _agree(f"the lane {name}", seen.lanes[name], _lane(model, name))
    _check_places(seen, model)
    check_turns(model, seen.turns)
    assert seen.outbox == model.outbox
    assert set(seen.dead) == {"/".join(map(str, name)) for name in model.dead}
    for (account, id_, run), letter in model.dead.items():
        wanted = {**_job(letter), "category": letter.category, "body": "{}"}
        _agree(f"the dead letter of {account}/{id_}", seen.dead[f"{account}/{id_}/{run}"], wanted)


def _check_places(seen: Seen, model: Expected) -> None:
    """Each job that has not ended waits in its lane, or is handed out, or runs; and is answered when its time ends."""
    jobs = model.jobs.values()
    for account in ACCOUNTS:
        assert seen.waiting[account] == {(job.priority, job.id): job.due for job in model.waiting(account)}
    for state, leases in (("handed", seen.handed), ("running", seen.running)):
        assert leases == {"/".join(job.key): job.lease.ends for job in jobs if job.lease and job.state == state}
    assert seen.bodies == {"/".join(job.key) for job in jobs if job.event is None}
    assert seen.ends == {"/".join(job.key): job.answer_at for job in jobs if job.answer_at is not None}


def _job(job: Job) -> dict[str, object]:
    return {
        "state": job.state, "run": job.run, "digest": job.digest, "priority": job.priority, "fence": job.fence or None,
        "due": job.due, "expires_at": job.expires_at, "ends_at": job.ends_at,
        "attempts": job.attempts, "requests": job.requests, "throttles": job.throttles, "rescues": job.rescues,
        "look": int(job.look), "looks": job.looks, "unknown_since": job.unknown_since,
        "event": job.event, "history": job.lines,
        **{f"note:{name}": value for name, value in job.notes.items()},
    }  # fmt: skip


def _lane(model: Expected, name: str) -> dict[str, object]:
    lane: Lane = model.lane(name)
    return {
        "waiting": len(model.waiting(name)) or None, "in_flight": model.in_flight(name) or None,
        "held_until": lane.held_until or None, "paused_until": lane.paused_until or None,
        "failures": lane.failures or None, "opens": lane.opens or None, "open_until": lane.open_until,
        "handed_out": lane.handed_out or None, "limits": written(lane.limits)[0],
    }  # fmt: skip


def _agree(what: str, seen: Fields, wanted: dict[str, object]) -> None:
    found: dict[str, object] = {name: seen.get(name) for name in wanted}
    found |= {name: value for name, value in seen.items() if name.startswith("note:")}
    found["history"] = len(seen.get("history", "").splitlines())
    assert _plain(found) == _plain(wanted), what


def _plain(fields: dict[str, object]) -> dict[str, object]:
    """Numbers as numbers; what is missing, zero or nothing is the same."""
    return {name: _number(value) for name, value in fields.items() if value not in {None, "", "0", 0}}


def _number(value: object) -> object:
    try:
        return int(float(str(value)))
    except ValueError:
        return value
