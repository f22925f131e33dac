"""How the event of a final state is built, and under which routing key it goes out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.event import DATA_SCHEMA, RESULT, Detail, Error
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
    checked = RESULT.dump_python(RESULT.validate_python(dict(result)), mode="json", exclude_unset=True)
    return _ended(job, course, "succeeded", {"result": checked})


def failed(job: Job, course: Course, error: Error) -> Outgoing:
    return _ended(job, course, "failed", {"error": _json(error)})


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
        "attempts": 0,
        "requests": 0,
        "enqueued_at": None,
        "started_at": None,
        "finished_at": write(at),
        "correlation_id": said.correlation_id,
        "warnings": [],
        "job_id": said.job_id,
        "provider": said.provider,
        "account": said.account,
        "operation": said.operation,
        "run": None,
        "metadata": said.metadata,
        "status": "rejected",
        "error": _json(error),
    }
    event = {
        **_frame(f"rejected/{hashlib.sha256(body).hexdigest()}", "/audience", at),
        "type": "audience.job.rejected",
        **({} if said.job_id is None else {"subject": said.job_id}),
        "data": data,
    }
    return Outgoing(f"{provider or UNKNOWN}.{operation or UNKNOWN}.rejected", event)


def _ended(job: Job, course: Course, status: str, ending: Mapping[str, Any]) -> Outgoing:
    """The final event. What goes into it is valid already; building the models of it would cost as much again.

    Fields stand in the order of the models: what is read by them, as an exported dead letter is, comes back unchanged.
    """
    about = f"{job.provider}/{job.account}"
    data = {
        "attempts": course.attempts,
        "requests": course.requests,
        "enqueued_at": write(course.enqueued_at),
        "started_at": None if course.started_at is None else write(course.started_at),
        "finished_at": write(course.finished_at),
        "correlation_id": job.correlation_id,
        "warnings": list(course.warnings),
        "job_id": job.id,
        "provider": job.provider,
        "account": job.account,
        "operation": job.operation,
        "run": course.run,
        "metadata": job.metadata,
        "status": status,
        **ending,
    }
    event = {
        **_frame(f"{about}/{job.id}/{course.run}", f"/audience/{about}", course.finished_at),
        **({} if course.traceparent is None else {"traceparent": course.traceparent}),
        "type": f"audience.job.{status}",
        "subject": job.id,
        "data": data,
    }
    return Outgoing(f"{job.provider}.{job.operation}.{status}", event)


def _frame(event_id: str, source: str, time: datetime) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "time": write(time),
        "datacontenttype": "application/json",
        "dataschema": DATA_SCHEMA,
    }


def _json(error: Error) -> dict[str, Any]:
    return error.model_dump(mode="json")


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
