"""Which messages are there? A job for each operation, its two wrappings, and the three events."""

import json
from pathlib import Path
from typing import Any, get_args

from schemas.asyncapi.payloads import EVENTS, reference
from schemas.reading import Payloads
from schemas.signed import COMPACT, Signer
from schemas.strict_json import compact

EXAMPLES = Path(__file__).parents[1] / "examples"
EVENT_TYPES = {get_args(model.model_fields["type"].annotation)[0]: model.__name__ for model in EVENTS}
"""CloudEvents type → the name of its schema."""

_JWS = {"type": "string", "pattern": f"^{COMPACT}$"}
_UTF_8 = {"amqp": {"contentEncoding": "utf-8", "bindingVersion": "0.3.0"}}


def messages(payloads: Payloads) -> dict[str, Any]:
    """Key → message."""
    jobs = {
        f"{provider}.{operation}": _job(provider, operation)
        for provider, operations in payloads.items()
        for operation in operations
    }
    wrapped = {"signed": _signed(), "entry": _entry(), "call": _call(list(jobs))}
    return {**jobs, **wrapped, **{type_: _event(type_) for type_ in EVENT_TYPES}}


def job_schema(name: str) -> dict[str, Any]:
    """A job of one operation: the envelope, and its payload by the operation's own schema."""
    provider, operation = name.split(".")
    chosen = {"provider": {"const": provider}, "operation": {"const": operation}, "payload": reference(name)}
    return {"allOf": [reference("Job"), {"properties": chosen}]}


def _job(provider: str, operation: str) -> dict[str, Any]:
    name = f"{provider}.{operation}"
    return {
        "name": name,
        "title": f"Job: {name}",
        "summary": f"Asks for {operation} at {provider}.",
        "contentType": "application/json",
        "tags": [{"name": "jobs"}, {"name": provider}],
        "correlationId": {
            "description": "The job's id; its event has it as subject, and as data.job_id.",
            "location": "$message.payload#/id",
        },
        "payload": job_schema(name),
        "bindings": _UTF_8,
        "examples": _examples(
            lambda job: (job.get("provider"), job.get("operation")) == (provider, operation), "jobs", "more_jobs"
        ),
    }


def _signed() -> dict[str, Any]:
    return {
        "name": "signed",
        "title": "Signed job",
        "summary": "A job of an account that takes jobs from named producers only.",
        "description": "A JWS (RFC 7515) in compact serialization around the job's JSON: alg HS256, and as kid the "
        "producer's name. It may stand in the stream's field and in the task's argument, too.",
        "contentType": "application/jose",
        "tags": [{"name": "jobs"}],
        "payload": _JWS,
        "bindings": _UTF_8,
        "examples": [{"name": "mintegral-create", "payload": _signed_example()}],
    }


def _signed_example() -> str:
    job = compact(_example("jobs", "mintegral-create"))
    return Signer("crm", "an example of a key; make your own").sign(job).decode()


def _entry() -> dict[str, Any]:
    text = {"type": "string", "description": "The JSON of a job, or a signed job."}
    example = _example("jobs", "mintegral-create")
    return {
        "name": "entry",
        "title": "Entry of the jobs stream",
        "summary": "`XADD audience:jobs * job '<the JSON of a job>'`",
        "tags": [{"name": "jobs"}],
        "payload": {"type": "object", "required": ["job"], "properties": {"job": text}},
        "bindings": {"redis": {}},
        "examples": [{"name": "mintegral-create", "payload": {"job": json.dumps(example)}}],
    }


def _call(jobs: list[str]) -> dict[str, Any]:
    job = {"anyOf": [*(job_schema(name) for name in jobs), _JWS]}
    one = {"type": "array", "minItems": 1, "maxItems": 1, "items": job}
    parts = [one, {"type": "object", "maxProperties": 0}, {"type": "object"}]
    embed = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
    return {
        "name": "call",
        "title": "Call of the Celery task audience.submit",
        "summary": '`app.send_task("audience.submit", args=[job], queue="audience.submit")`',
        "description": "Celery's message protocol 2: arguments, keyword arguments, and what Celery adds.",
        "tags": [{"name": "jobs"}],
        "headers": {
            "type": "object",
            "description": "As any Celery app writes them; only the body is read.",
            "properties": {"task": {"type": "string", "const": "audience.submit"}, "id": {"type": "string"}},
        },
        "payload": {"type": "array", "minItems": 3, "maxItems": 3, "items": parts},
        "bindings": _UTF_8,
        "examples": [{"name": "mintegral-create", "payload": [[_example("jobs", "mintegral-create")], {}, embed]}],
    }


def _event(type_: str) -> dict[str, Any]:
    return {
        "name": type_,
        "title": f"Event: {type_}",
        "summary": "A CloudEvent in structured JSON. Its id is equal on every redelivery: drop repeats by it.",
        "contentType": "application/cloudevents+json",
        "tags": [{"name": "events"}],
        "correlationId": {"description": "The id of the job.", "location": "$message.payload#/data/job_id"},
        "payload": reference(EVENT_TYPES[type_]),
        "bindings": _UTF_8,
        "examples": _examples(lambda event: event.get("type") == type_, "events"),
    }


def _examples(fits: Any, *folders: str) -> list[dict[str, Any]]:
    found = [path for folder in folders for path in sorted((EXAMPLES / folder).glob("*.json"))]
    read = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in found}
    return [{"name": name, "payload": value} for name, value in read.items() if fits(value)]


def _example(folder: str, name: str) -> Any:
    return json.loads((EXAMPLES / folder / f"{name}.json").read_text(encoding="utf-8"))
