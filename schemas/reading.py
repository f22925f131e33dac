"""How a message becomes a job, or the list of all that is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

from schemas import strict_json
from schemas.job import Job
from schemas.problem import Problem, once_each
from schemas.strict_json import Json, Parsed
from schemas.wire import problems_of

Payloads: TypeAlias = Mapping[str, Mapping[str, type[BaseModel]]]
"""provider → operation → the model of its payload: what is installed, told by the caller."""

TRACEPARENT_IGNORED = "traceparent is not a valid W3C trace context and was ignored"


@dataclass(frozen=True, slots=True)
class Readable:
    """What an event says about a job. Each is None where it was not valid by its own rule."""

    job_id: str | None = None
    provider: str | None = None
    account: str | None = None
    operation: str | None = None
    correlation_id: str | None = None
    metadata: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """`payload` is `job.payload` read by the model of its operation."""

    job: Job
    payload: BaseModel
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """`known_provider`, `known_operation`: set only for what is installed, so fit for a routing key."""

    problems: tuple[Problem, ...]
    readable: Readable
    known_provider: str | None = None
    known_operation: str | None = None


def read_body(body: bytes, payloads: Payloads) -> Accepted | Refused:
    """Read the bytes of a message. Never raises, whatever they are."""
    return _read(strict_json.parse(body), payloads)


def read_job(value: Json, payloads: Payloads) -> Accepted | Refused:
    """Read what somebody else has parsed, such as a Celery argument."""
    return _read(strict_json.check(value), payloads)


def readable(job: Job) -> Readable:
    return Readable(job.id, job.provider, job.account, job.operation, job.correlation_id, job.metadata)


def _read(parsed: Parsed, payloads: Payloads) -> Accepted | Refused:
    value, problems = parsed.value, list(parsed.problems)
    if not isinstance(value, dict):
        return Refused(once_each([*problems, Problem("", "one JSON object")]), Readable())

    job = _envelope(value, problems)
    valid = readable(job) if job is not None and not problems else _valid_part(value, once_each(problems))
    payload = _payload(valid, value.get("payload"), payloads, problems)
    if job is not None and payload is not None and not problems:
        ignored = value.get("traceparent") is not None and job.traceparent is None
        return Accepted(job, payload, (TRACEPARENT_IGNORED,) if ignored else ())

    known = valid.provider if valid.provider in payloads else None
    operation = valid.operation if known is not None and valid.operation in payloads[known] else None
    return Refused(once_each(problems), valid, known, operation)


def _envelope(value: dict[str, Any], problems: list[Problem]) -> Job | None:
    try:
        return Job.model_validate(value)
    except ValidationError as error:
        problems += problems_of(error)
        return None


def _payload(valid: Readable, payload: Json, payloads: Payloads, problems: list[Problem]) -> BaseModel | None:
    """The payload by its model; says what is wrong with provider, operation and payload otherwise."""
    model = _model(valid, payloads, problems)
    if model is None or not isinstance(payload, dict):
        return None
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        problems += problems_of(error, "payload")
        return None


def _model(valid: Readable, payloads: Payloads, problems: list[Problem]) -> type[BaseModel] | None:
    operations = payloads.get(valid.provider or "", {})
    if valid.provider is not None and not operations:
        problems.append(Problem("/provider", _one_of(payloads)))
    elif valid.operation is not None and operations and valid.operation not in operations:
        problems.append(Problem("/operation", _one_of(operations)))
    return operations.get(valid.operation or "")


def _valid_part(value: dict[str, Any], problems: tuple[Problem, ...]) -> Readable:
    wrong = {problem.pointer.split("/")[1] for problem in problems if problem.pointer}

    def valid(field: str, default: Any = None) -> Any:
        given = value.get(field)
        return None if field in wrong else default if given is None else given

    return Readable(
        job_id=valid("id"),
        provider=valid("provider"),
        account=valid("account"),
        operation=valid("operation"),
        correlation_id=valid("correlation_id"),
        metadata=valid("metadata", {}),
    )


def _one_of(known: Mapping[str, object]) -> str:
    return f"one of {', '.join(sorted(known))}"
