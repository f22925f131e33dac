"""What is known of one dead letter? Everything: the original bytes, every attempt, every edit, the event."""

from __future__ import annotations

import base64
import json
from typing import Any

import redis

from schemas.dead_letter import DeadLetter
from schemas.instant import write
from workers.dead_letters.stored import Stored, read
from workers.dead_letters.summary import Place
from workers.lanes.clock import moment


def show(client: redis.Redis, place: Place) -> DeadLetter | None:
    """The whole dead letter; None if there is none (any more)."""
    found = read(client, place)
    return None if found is None else whole(found)


def whole(found: Stored) -> DeadLetter:
    """All that is stored of a dead letter, in its published form."""
    lines = found.fields.get("history", b"").decode().splitlines()
    return DeadLetter.model_validate(
        {
            **found.summary.listed(),
            **_body(found.body),
            "attempts": [attempt_of(json.loads(line)) for line in lines],
            "edits": [{**edit, "at": _moment(edit["at"])} for edit in found.edits],
            "event": json.loads(found.fields["event"]),
        }
    )


def _body(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode()}


def attempt_of(line: dict[str, Any]) -> dict[str, Any]:
    """A line of the history, whose times are seconds. A line that a rescue wrote knows no more than a start."""
    return {
        "run": line["run"],
        "number": line["number"],
        "started_at": _moment(line["started_at"]),
        "ended_at": _moment(line["ended_at"]) if line.get("ended_at") else None,
        "outcome": line["outcome"],
        "requests": line["requests"],
        "provider_code": line.get("provider_code"),
        "http_status": line.get("http_status"),
        "message": line.get("message"),
        "exchanges": line.get("exchanges", []),
    }


def _moment(seconds: float) -> str:
    return write(moment(round(seconds * 1e6)))
