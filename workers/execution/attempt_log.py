"""What does the log say of an attempt? One line, with the same keys each time."""

from __future__ import annotations

from typing import Any

import structlog

from workers.execution.settle import Ran, said_of
from workers.execution.verdict import Dead, Verdict, word
from workers.lanes.state import Again
from workers.outcome import Postponed

log = structlog.get_logger()


def log_attempt(provider: str, ran: Ran, verdict: Verdict, *, settled: bool) -> None:
    """The canonical line. Neither payload nor answer is in it."""
    outcome = ran.attempted.outcome
    said = said_of(outcome)
    if isinstance(verdict, Dead) or not settled:
        level = log.warning
    else:
        level = log.debug if isinstance(outcome, Postponed) else log.info  # a job that goes on waiting is no news
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
        **_more(verdict),
    )


def _more(verdict: Verdict) -> dict[str, Any]:
    if not isinstance(verdict, Again):
        return {}
    return {"after_s": verdict.after_s, "pause_s": verdict.pause_s or None, "look": verdict.look}
