"""Which schemas do the messages refer to? The models', each once, under a name of its own."""

from typing import Any

from pydantic import TypeAdapter

from schemas.event import FailedEvent, RejectedEvent, SucceededEvent
from schemas.job import Job
from schemas.reading import Payloads
from schemas.untitled import Untitled

EVENTS = (SucceededEvent, FailedEvent, RejectedEvent)
_PLACE = "#/components/schemas/"


def reference(name: str) -> dict[str, str]:
    return {"$ref": f"{_PLACE}{name}"}


def payload_schemas(payloads: Payloads) -> dict[str, Any]:
    """Name → schema. Raises ``ValueError`` where two models of one name differ."""
    models: dict[str, Any] = {"Job": Job, **{model.__name__: model for model in EVENTS}}
    for provider, operations in payloads.items():
        models |= {f"{provider}.{operation}": model for operation, model in operations.items()}
    found: dict[str, Any] = {}
    for name, model in models.items():
        schema = TypeAdapter(model).json_schema(schema_generator=Untitled, ref_template=f"{_PLACE}{{model}}")
        for part, its_schema in {**schema.pop("$defs", {}), name: schema}.items():
            if found.setdefault(part, its_schema) != its_schema:
                raise ValueError(f"two models are called {part}: rename one of them")
    return dict(sorted(found.items()))
