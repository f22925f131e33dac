"""What does the AsyncAPI 3 document say? Every way in and out, on both brokers, with the payload of each operation.

It is one JSON file that refers to no other: its payloads are the AsyncAPI Schema Object, a superset of JSON Schema
draft 7, because that is what every tool reads. JSON, as the schemas beside it: a YAML reader reads it too.
"""

from typing import Any

from schemas.asyncapi.channels import channels
from schemas.asyncapi.messages import messages
from schemas.asyncapi.operations import operations
from schemas.asyncapi.payloads import payload_schemas
from schemas.asyncapi.servers import SECURITY, SERVERS
from schemas.reading import Payloads

__all__ = ["document"]

VERSION = "1.0.0"
"""Of what crosses the queues. It counts with the 1 of the job's envelope and of the schemas' URNs."""

_ABOUT = """\
Upstream services put JSON audience jobs on a queue; workers call the ad-tech provider, and answer every job with one \
event. Every way in means the same; choose the one that your language has a client for.

An event may come twice with the same `id`: drop repeats. A job may be sent twice: the same `id` of the same account \
is one job, and its stored event is published again."""


def document(payloads: Payloads) -> dict[str, Any]:
    """The document for the operations of these providers."""
    jobs = [f"{provider}.{operation}" for provider, operations_ in payloads.items() for operation in operations_]
    return {
        "asyncapi": "3.0.0",
        "id": "urn:audience:workers",
        "info": {
            "title": "Audience workers",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "MIT"},
            "tags": [{"name": name} for name in ("jobs", "events", *payloads)],
        },
        "defaultContentType": "application/json",
        "servers": SERVERS,
        "channels": channels(jobs),
        "operations": operations(jobs),
        "components": {
            "securitySchemes": SECURITY,
            "messages": messages(payloads),
            "schemas": payload_schemas(payloads),
        },
    }
