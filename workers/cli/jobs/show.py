"""What became of a job? Its state, every attempt, and what it waits for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schemas.instant import write
from workers.cli.connection import connected
from workers.cli.endings import Failed, WrongUsage
from workers.cli.jobs.waits import number, waits
from workers.cli.output import Json, one_line, say, say_json, say_table
from workers.dead_letters.show import attempt_of
from workers.dead_letters.summary import moment

if TYPE_CHECKING:
    from workers.bootstrap import Service

_ATTEMPT = ("run", "number", "started_at", "ended_at", "outcome", "requests", "http_status", "provider_code", "message")
_APART = ("waits", "history", "event")


def show(
    provider: Annotated[str, typer.Argument()],
    account: Annotated[str, typer.Argument()],
    id_: Annotated[str, typer.Argument(metavar="ID")],
    *,
    as_json: Json = False,
) -> None:
    """One job: state, run, attempts, requests, its progress, what it waits for and until when, and its history."""
    here = connected()
    if provider not in here.providers:
        raise WrongUsage(f"{provider} is not installed; there are {', '.join(sorted(here.providers))}")
    found = _read(here, provider, account, id_)
    if found is None:
        raise Failed(
            f"No job {id_} of {provider}/{account} is known: it did not come in yet, was rejected "
            f"(audience dead list --text {id_}), or ended longer ago than AUDIENCE_IDEMPOTENCY_DAYS."
        )
    if as_json:
        say_json(found)
        return
    for name, value in found.items():
        if name not in _APART and value is not None:
            say(f"{name:12} {one_line(value)}")
    for each in found["waits"]:
        until = f" until {each['until']}" if each["until"] else ""
        say(f"{'waits for':12} {each['for']}{until}: {one_line(each['why'])}")
    if found["history"]:
        say("")
        say_table(_ATTEMPT, ([each[name] for name in _ATTEMPT] for each in found["history"]), "history")
    if found["event"]:
        say(f"\nevent\n{json.dumps(found['event'], indent=2, ensure_ascii=False)}")


def _read(here: Service, provider: str, account: str, id_: str) -> dict[str, Any] | None:
    from workers.lanes.orders import WHOLE

    its = here.lanes[provider]
    job = its.show(account, id_)
    if job is None or "state" not in job:
        return None
    seconds, micros = here.redis.time()
    lease = _lease_ends_us(here, provider, f"{account}/{id_}", job["state"])
    lane, whole = its.lane(account), its.lane(WHOLE)
    limiting = [lane, whole, *(its.lane(f"{name}/{job['operation']}") for name in (account, WHOLE))]
    found = waits(job, lane, whole, limiting, lease_ends_us=lease, now_us=seconds * 1_000_000 + micros)
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
        "accepted_at": _time(job.get("accepted_at")),
        "started_at": _time(job.get("started_at")),
        "due_at": _time(job.get("due")) if job["state"] == "waiting" else None,
        "lease_until": None if lease is None else write(moment(lease)),
        "ends_at": _time(job.get("ends_at")),
        "finished_at": _time(job.get("finished_at")),
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


def _time(microseconds: str | None) -> str | None:
    value = number(microseconds)
    return write(moment(value)) if value else None
