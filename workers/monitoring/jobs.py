"""What became of a job? Its state, every attempt, and what it waits for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from schemas.instant import write
from workers.dead_letters.show import attempt_of
from workers.lanes.clock import moment, now_us
from workers.lanes.orders import WHOLE
from workers.monitoring.waits import number, waits

if TYPE_CHECKING:
    from workers.bootstrap import Service


def read(here: Service, provider: str, account: str, id_: str) -> dict[str, Any] | None:
    """One object under the contract's field names; None for a job that is not known."""
    its = here.lanes[provider]
    job = its.show(account, id_)
    if job is None or "state" not in job:
        return None
    lease = _lease_ends_us(here, provider, f"{account}/{id_}", job["state"])
    lane, whole = its.lane(account), its.lane(WHOLE)
    limiting = [lane, whole, *(its.lane(f"{name}/{job['operation']}") for name in (account, WHOLE))]
    found = waits(job, lane, whole, limiting, lease_ends_us=lease, now_us=now_us(here.redis))
    return {
        "provider": provider,
        "account": account,
        "id": id_,
        "operation": job.get("operation"),
        "state": job["state"],
        "run": number(job.get("run")),
        "attempts": number(job.get("attempts")),
        "requests": number(job.get("requests")),
        "priority": number(job.get("priority")),
        "accepted_at": instant_of(job.get("accepted_at")),
        "started_at": instant_of(job.get("started_at")),
        "due_at": instant_of(job.get("due")) if job["state"] == "waiting" else None,
        "lease_until": None if lease is None else write(moment(lease)),
        "ends_at": instant_of(job.get("ends_at")),
        "finished_at": instant_of(job.get("finished_at")),
        "progress": job.get("progress") or None,
        "waits": [each.listed() for each in found],
        "history": [attempt_of(json.loads(line)) for line in job.get("history", "").splitlines()],
        "event": json.loads(job["event"]) if "event" in job else None,
    }


def _lease_ends_us(here: Service, provider: str, member: str, state: str) -> int | None:
    if state not in {"handed", "running"}:
        return None
    score: Any = here.redis.zscore(f"{here.lanes[provider].partition}:{state}", member)
    return None if score is None else int(score)


def instant_of(microseconds: str | None) -> str | None:
    """A time of a job's record, as the contract writes times; None where there is none yet."""
    value = number(microseconds)
    return write(moment(value)) if value else None
