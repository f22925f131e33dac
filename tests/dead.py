"""How does a test get dead letters? By the acts that make them in a worker: a job that fails, a message refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import redis
from command import Audience

from schemas import outgoing
from schemas.canonical_json import digest
from schemas.event import Error
from schemas.job import Job
from workers.bootstrap import Service
from workers.config import ProviderConfig
from workers.intake.door import DIGEST
from workers.intake.message import from_queue
from workers.lanes.lanes import Lanes
from workers.lanes.state import Arrival, Ending

NOW = datetime(2026, 11, 21, 20, 4, 5, tzinfo=UTC)


def die(client: redis.Redis, job: dict[str, Any], category: str = "rejected_by_provider", **error: Any) -> str:
    """A job that was accepted, tried once and failed. The id of its dead letter."""
    lanes = Lanes(client, job["provider"], ProviderConfig(base_url="http://provider"), 30.0)
    arrival = Arrival(
        account=job["account"],
        id=job["id"],
        operation=job["operation"],
        digest=digest(job["operation"], job["payload"])[:DIGEST],
        body=json.dumps(job).encode(),
        priority=5,
        not_before=None,
        expires_at=None,
        max_age_s=3600,
    )
    lanes.accept([arrival])
    return fail(client, job, category, **error)


def fail(client: redis.Redis, job: dict[str, Any], category: str = "rejected_by_provider", **error: Any) -> str:
    """The one job that waits is tried and fails."""
    lanes = Lanes(client, job["provider"], ProviderConfig(base_url="http://provider"), 30.0)
    lanes.configure()
    (record,) = lanes.take(1, 10.0).jobs
    said = {
        "category": category,
        "message": "Query validation failed.",
        "provider_code": "AUD01_0034",
        "http_status": 400,
        "details": [],
        "replayable": True,
        **error,
    }
    event = outgoing.failed(
        Job.model_validate(job), outgoing.Course(record.run, 1, 1, NOW, NOW, NOW), Error.model_validate(said)
    )
    line = {
        "run": record.run, "number": 1, "started_at": 1.5, "ended_at": 2.25, "outcome": "Rejected", "requests": 1,
        "provider_code": said["provider_code"], "http_status": 400, "message": said["message"],
    }  # fmt: skip
    ending = Ending(
        record, state="failed", attempts=1, requests=1, event=json.dumps(event.event).encode(),
        routing_key=event.routing_key, keep_s=60.0, line=json.dumps(line), dead_keep_s=600.0,
        dead={"provider": job["provider"], "category": category, "provider_code": said["provider_code"] or "",
              "message": said["message"], "replayable": str(int(said["replayable"]))},
    )  # fmt: skip
    lanes.finish([ending])
    return str(event.event["id"])


def refuse(here: Service, body: bytes) -> str:
    """A message that the door refuses. The id of its dead letter."""
    message = from_queue(body, here.door.payloads)
    here.door.enter([message])
    newest: Any = here.redis.zrange("audience:{rejected}:dead", -1, -1)
    return f"rejected/{newest[0].decode()}"


def listed(audience: Audience, *filters: str) -> list[str]:
    """The ids that ``audience dead list`` shows."""
    return [line["id"] for line in audience("dead", "list", "--json", *filters).succeeded().lines]
