"""What is said of an attempt? A line in the log, another for the end of its job, and the news of it."""

from __future__ import annotations

from typing import Any

import structlog

from workers.execution.settle import Ran, said_of
from workers.execution.verdict import Dead, Done, Verdict, word
from workers.lanes.state import Again
from workers.news import AttemptSettled, tell
from workers.outcome import Postponed

log = structlog.get_logger()


def announce(ran: Ran, verdict: Verdict, *, settled: bool) -> None:
    """Say how it ended. Not ``settled``: the job is somebody else's, and what was done counts for nothing."""
    provider = ran.job.provider
    _log_attempt(provider, ran, verdict, settled=settled)
    if not settled:
        return
    if not isinstance(verdict, Again):
        _log_end(provider, ran, verdict)
    tell(_settled(provider, ran, verdict))


def _log_attempt(provider: str, ran: Ran, verdict: Verdict, *, settled: bool) -> None:
    """The canonical line. Neither payload nor answer is in it, and it has the same keys each time."""
    outcome = ran.attempted.outcome
    said = said_of(outcome)
    if isinstance(verdict, Dead) or not settled:
        level = log.warning
    elif isinstance(verdict, Done) or isinstance(outcome, Postponed):
        level = log.debug  # the line of its job's end tells it; a job that goes on waiting is no news
    else:
        level = log.info
    level(
        "attempt",
        provider=provider,
        account=ran.record.account,
        operation=ran.record.operation,
        job_id=ran.record.id,
        run=ran.record.run,
        attempt=ran.record.attempts + 1,
        outcome=type(outcome).__name__,
        verdict=word(verdict) if settled else "lease_lost",
        requests=ran.requests,
        duration_ms=round((ran.ended_at - ran.began_at) * 1000),
        waited_ms=round((ran.began_at - ran.record.accepted_at) * 1000),
        provider_code=said and said.code,
        http_status=said and said.http_status,
        message=said and said.message,
        **_again(verdict),
    )


def _again(verdict: Verdict) -> dict[str, Any]:
    """When it is tried again, in seconds; whether its lane is paused, and whether it is looked for first."""
    again = verdict if isinstance(verdict, Again) else None
    return {
        "after_s": again and again.after_s,
        "pause_s": again and (again.pause_s or None),
        "look": again and again.look,
    }


def _log_end(provider: str, ran: Ran, verdict: Done | Dead) -> None:
    """The line of the final event, which stands in the outbox now."""
    record, spent = ran.record, 1 if isinstance(verdict, Done) else int(verdict.spent)
    log.info(
        "job.ended",
        event_id=f"{provider}/{record.account}/{record.id}/{record.run}",
        provider=provider,
        account=record.account,
        operation=record.operation,
        job_id=record.id,
        run=record.run,
        status="succeeded" if isinstance(verdict, Done) else "failed",
        category=verdict.category if isinstance(verdict, Dead) else None,
        attempts=record.attempts + spent,
        requests=record.requests + ran.requests,
        took_ms=round((ran.ended_at - record.accepted_at) * 1000),
    )


def _settled(provider: str, ran: Ran, verdict: Verdict) -> AttemptSettled:
    record = ran.record
    return AttemptSettled(
        provider=provider,
        account=record.account,
        operation=record.operation,
        job_id=record.id,
        run=record.run,
        number=record.attempts + 1,
        outcome=type(ran.attempted.outcome).__name__,
        verdict=word(verdict),
        waiting_since=max([record.accepted_at, *(line["ended_at"] for line in record.history if "ended_at" in line)]),
        began_at=ran.began_at,
        ended_at=ran.ended_at,
        traceparent=ran.job.traceparent,
        requests=ran.ended_requests,
    )
