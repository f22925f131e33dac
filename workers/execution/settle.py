"""What is written down of an attempt? With what its job goes back to its lane, or how it ends, event and all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from schemas import outgoing
from schemas.event import Error
from schemas.job import Job
from workers.execution.attempt import Attempted
from workers.execution.verdict import Dead, Done, health_of
from workers.lanes.lanes import Lanes
from workers.lanes.state import Again, Ending, Record
from workers.news import RequestEnded
from workers.outcome import AuthFailed, Outcome, Postponed, Said, Succeeded, Throttled
from workers.settings import Settings
from workers.trace_context import event_of

THROTTLES_SHOWN = 20
MAX_EVENT_BYTES = 8 * 1024 * 1024  # RabbitMQ 4 takes messages of at most 16 MiB
TOO_LARGE = Said("the result is larger than an event may be (8 MiB)")


@dataclass(frozen=True, slots=True)
class Ran:
    """One attempt, as far as its settling needs to know it. Times are seconds since the epoch."""

    record: Record
    job: Job
    warnings: tuple[str, ...]
    attempted: Attempted
    requests: int
    began_at: float
    ended_at: float
    exchanges: tuple[dict[str, Any], ...] = ()
    """What went over the wire last, as it may be shown."""
    ended_requests: tuple[RequestEnded, ...] = ()


def give_back(lanes: Lanes, ran: Ran, again: Again) -> bool:
    """Put the job back into its lane. False: the lease was lost meanwhile, and nothing was changed."""
    health = health_of(ran.attempted.outcome)
    return lanes.give_back(ran.record, again, requests=ran.requests, line=_line(ran), health=health)


def ending(ran: Ran, verdict: Done | Dead, settings: Settings) -> tuple[Done | Dead, Ending]:
    """How the job ends, event and all, and by which verdict: a result too large for an event is a failure."""
    if isinstance(verdict, Dead):
        spent = int(verdict.spent)
        error = _error(verdict)
        event = outgoing.failed(ran.job, _course(ran, spent, ran.warnings, settings), error)
        return verdict, _ending(ran, event, spent, settings, dead=error)
    warnings = (*ran.warnings, *verdict.outcome.warnings)
    event = outgoing.succeeded(ran.job, _course(ran, 1, warnings, settings), verdict.outcome.result)
    done = _ending(ran, event, 1, settings, dead=None)
    if len(done.event) > MAX_EVENT_BYTES:
        return ending(ran, Dead("internal", TOO_LARGE, spent=True), settings)
    return verdict, done


def said_of(outcome: Outcome) -> Said | None:
    """What was said at the end of the attempt; nothing where it succeeded."""
    return None if isinstance(outcome, Succeeded) else outcome.said


def _ending(ran: Ran, answer: outgoing.Outgoing, spent: int, settings: Settings, dead: Error | None) -> Ending:
    return Ending(
        ran.record,
        state="succeeded" if dead is None else "failed",
        attempts=ran.record.attempts + spent,
        requests=ran.record.requests + ran.requests,
        event=json.dumps(answer.event, ensure_ascii=False, allow_nan=False).encode(),
        routing_key=answer.routing_key,
        keep_s=settings.idempotency_days * 86400,
        line=_line(ran),
        health=health_of(ran.attempted.outcome),
        dead=None if dead is None else _dead_fields(dead, ran),
        dead_keep_s=settings.dead_letter_days * 86400,
    )


def _course(ran: Ran, spent: int, warnings: tuple[str, ...], settings: Settings) -> outgoing.Course:
    record = ran.record
    return outgoing.Course(
        run=record.run,
        attempts=record.attempts + spent,
        requests=record.requests + ran.requests,
        enqueued_at=_moment(record.accepted_at),
        started_at=None if record.started_at is None else _moment(record.started_at),
        finished_at=_moment(ran.ended_at),
        warnings=warnings,
        traceparent=_carried_on(ran, settings),
    )


def _carried_on(ran: Ran, settings: Settings) -> str | None:
    """The event's own place in the job's trace; without traces of ours, what the producer gave."""
    job = ran.job
    if not settings.traces:
        return job.traceparent
    return str(event_of(f"{job.provider}/{job.account}/{job.id}", ran.record.run, job.traceparent))


def _error(dead: Dead) -> Error:
    return Error(
        category=dead.category,
        message=dead.said.message or dead.category,
        provider_code=dead.said.code,
        http_status=dead.said.http_status,
        details=[],
        replayable=dead.replayable,
    )


def _dead_fields(error: Error, ran: Ran) -> dict[str, str]:
    return {
        "provider": ran.job.provider,
        "category": error.category,
        "provider_code": error.provider_code or "",
        "message": error.message,
        "replayable": str(int(error.replayable)),
    }


def _line(ran: Ran) -> str:
    """The attempt as a line of the job's history; none where nothing was tried, or a long patience goes on."""
    outcome = ran.attempted.outcome
    before = ran.attempted.before
    patient = isinstance(outcome, Throttled) and before.throttles >= THROTTLES_SHOWN
    patient = patient or (isinstance(outcome, AuthFailed) and before.probe)
    if isinstance(outcome, Postponed) or patient:
        return ""
    said = said_of(outcome)
    line: dict[str, Any] = {
        "run": ran.record.run,
        "number": ran.record.attempts + 1,
        "started_at": ran.began_at,
        "ended_at": ran.ended_at,
        "outcome": type(outcome).__name__,
        "requests": ran.requests,
        "provider_code": said and said.code,
        "http_status": said and said.http_status,
        "message": said and said.message,
    }
    if ran.exchanges:
        line["exchanges"] = ran.exchanges
    return json.dumps(line)  # in ASCII, so that nothing in it ends a line


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
