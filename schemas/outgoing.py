"""How the event of a final state is built, and under which routing key it goes out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.event import (
    DATA_SCHEMA,
    Detail,
    Error,
    Failed,
    FailedEvent,
    Rejected,
    RejectedEvent,
    Succeeded,
    SucceededEvent,
)
from schemas.instant import write
from schemas.job import Job
from schemas.problem import Problem
from schemas.reading import Readable, Refused

MAX_DETAILS = 100
"""A message of 256 KiB can hold tens of thousands of problems, which no queue should carry."""

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A structured-mode CloudEvent as a JSON object, and the routing key <provider>.<operation>.<status>."""

    routing_key: str
    event: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Course:
    """How a run went. `attempts` are provider calls that counted as tries, `requests` HTTP requests sent."""

    run: int
    attempts: int
    requests: int
    enqueued_at: datetime
    started_at: datetime | None
    finished_at: datetime
    warnings: Sequence[str] = ()
    traceparent: str | None = None


def succeeded(job: Job, course: Course, result: Mapping[str, Any]) -> Outgoing:
    """Raises pydantic.ValidationError for a result that is none of the published kinds."""
    data = {**_of_the_run(job, course), "status": "succeeded", "result": dict(result)}
    event = SucceededEvent.model_validate(
        {**_of_the_job(job, course), "type": "audience.job.succeeded", "data": Succeeded.model_validate(data)}
    )
    return Outgoing(f"{job.provider}.{job.operation}.succeeded", _json(event))


def failed(job: Job, course: Course, error: Error) -> Outgoing:
    data = {**_of_the_run(job, course), "status": "failed", "error": error}
    event = FailedEvent.model_validate(
        {**_of_the_job(job, course), "type": "audience.job.failed", "data": Failed.model_validate(data)}
    )
    return Outgoing(f"{job.provider}.{job.operation}.failed", _json(event))


def invalid(body: bytes, refused: Refused, at: datetime) -> Outgoing:
    """The answer to a message that is not a valid job. `body` is what identifies the message."""
    return rejected(
        body,
        refused.readable,
        Error(
            category="invalid_job",
            message=_sentence(refused.problems),
            provider_code=None,
            http_status=None,
            details=_details(refused.problems),
            replayable=False,
        ),
        at,
        provider=refused.known_provider,
        operation=refused.known_operation,
    )


def rejected(
    body: bytes,
    said: Readable,
    error: Error,
    at: datetime,
    *,
    provider: str | None,
    operation: str | None,
) -> Outgoing:
    """`provider` and `operation` go into the routing key: only what is installed, None for anything else."""
    data: dict[str, Any] = {
        "job_id": said.job_id,
        "provider": said.provider,
        "account": said.account,
        "operation": said.operation,
        "run": None,
        "status": "rejected",
        "attempts": 0,
        "requests": 0,
        "enqueued_at": None,
        "started_at": None,
        "finished_at": at,
        "correlation_id": said.correlation_id,
        "metadata": said.metadata,
        "warnings": [],
        "error": error,
    }
    event = {
        **_frame(f"rejected/{hashlib.sha256(body).hexdigest()}", "/audience", at),
        "type": "audience.job.rejected",
        "subject": said.job_id,
        "data": Rejected.model_validate(data),
    }
    return Outgoing(
        f"{provider or UNKNOWN}.{operation or UNKNOWN}.rejected", _json(RejectedEvent.model_validate(event))
    )


def _of_the_job(job: Job, course: Course) -> dict[str, Any]:
    """The attributes of a final event."""
    about = f"{job.provider}/{job.account}"
    return {
        **_frame(f"{about}/{job.id}/{course.run}", f"/audience/{about}", course.finished_at),
        "subject": job.id,
        **({} if course.traceparent is None else {"traceparent": course.traceparent}),
    }


def _of_the_run(job: Job, course: Course) -> dict[str, Any]:
    """The data of a final event, but for how it ended."""
    return {
        "job_id": job.id,
        "provider": job.provider,
        "account": job.account,
        "operation": job.operation,
        "run": course.run,
        "attempts": course.attempts,
        "requests": course.requests,
        "enqueued_at": course.enqueued_at,
        "started_at": course.started_at,
        "finished_at": course.finished_at,
        "correlation_id": job.correlation_id,
        "metadata": job.metadata,
        "warnings": list(course.warnings),
    }


def _frame(event_id: str, source: str, time: datetime) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "time": write(time),
        "datacontenttype": "application/json",
        "dataschema": DATA_SCHEMA,
    }


def _json(event: SucceededEvent | FailedEvent | RejectedEvent) -> dict[str, Any]:
    # What was not set (a subject that could not be read) is left out; a null in `data` stays.
    return event.model_dump(mode="json", exclude_unset=True)


def _sentence(problems: Sequence[Problem]) -> str:
    first, *more = problems
    rest = f" ({len(more)} more in details)" if more else ""
    return f"Not a valid job. Expected at {first.pointer or 'its root'}: {first.expected}{rest}"


def _details(problems: Sequence[Problem]) -> list[Detail]:
    left_out = len(problems) - MAX_DETAILS
    shown = [Detail(pointer=each.pointer, expected=each.expected) for each in problems[:MAX_DETAILS]]
    if left_out > 0:
        shown.append(Detail(pointer="", expected=f"{left_out} problems fewer: they are not listed"))
    return shown
