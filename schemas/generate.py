"""How the published JSON Schemas and the AsyncAPI document come out of the models: `python -m schemas.generate`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from schemas import asyncapi, mintegral, pubmatic
from schemas.dead_letter import DeadLetter
from schemas.event import DATA, DATA_SCHEMA, EVENT
from schemas.job import Job
from schemas.reading import Payloads
from schemas.untitled import Untitled

FOLDER = Path(__file__).with_name("json")
DIALECT = "https://json-schema.org/draft/2020-12/schema"

PAYLOADS: Payloads = {"pubmatic": pubmatic.PAYLOADS, "mintegral": mintegral.PAYLOADS}
"""The providers that come with the project."""

_Schema = dict[str, Any]


def files() -> dict[str, str]:
    """File name → text, the same on every run."""
    schemas = {f"{name}.schema.json": _text(schema) for name, schema in sorted(_schemas().items())}
    return {"asyncapi.json": _text(asyncapi.document(PAYLOADS)), **schemas}


def write(folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")


def _schemas() -> dict[str, _Schema]:
    payloads = {
        f"{provider}.{operation}": _published(f"{provider}.{operation}", TypeAdapter(model))
        for provider, operations in PAYLOADS.items()
        for operation, model in operations.items()
    }
    return {
        "job": _job(payloads),
        **payloads,
        "event": _published("event", EVENT, "Event"),
        "event-data": _published("event-data", DATA, "Event data"),
        "dead-letter": _published("dead-letter", TypeAdapter(DeadLetter)),
    }


def _job(payloads: Mapping[str, _Schema]) -> _Schema:
    """The envelope, and the payloads of the providers that come with the project; other providers pass."""
    schema = _published("job", TypeAdapter(Job), "Job")
    rules = [_if({"provider": name}, {"operation": {"enum": list(known)}}) for name, known in PAYLOADS.items()]
    for name, payload in payloads.items():
        provider, operation = name.split(".")
        chosen = {"provider": provider, "operation": operation}
        rules.append(_if(chosen, {"payload": {"$ref": payload["$id"]}}))
    # Bundled under their own $id, so that this one file is enough to check a whole job.
    return {**schema, "$defs": {**schema.get("$defs", {}), **payloads}, "allOf": rules}


def _if(chosen: Mapping[str, str], then: _Schema) -> _Schema:
    are = {field: {"const": value} for field, value in chosen.items()}
    return {"if": {"properties": are, "required": list(are)}, "then": {"properties": then}}


def _published(name: str, adapter: TypeAdapter[Any], title: str | None = None) -> _Schema:
    schema = adapter.json_schema(schema_generator=Untitled)
    schema.pop("discriminator", None)
    head: _Schema = {"$schema": DIALECT, "$id": _urn(name)}
    if title is not None:
        head["title"] = title
    return {**head, **schema}


def _urn(name: str) -> str:
    return DATA_SCHEMA.replace("event-data", name)


def _text(schema: _Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    write()
