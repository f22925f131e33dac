"""How is an audience created at Northwind, and how is it found again?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from audience_northwind.payloads import CreateAudience as Payload
from audience_northwind.request import SEGMENTS, ask, not_clear
from audience_northwind.segment import differences, is_segment, result
from workers.http import Call
from workers.outcome import Outcome, Succeeded
from workers.providers.provider import Absent, CannotTell, Found, Look

CLOCK_SKEW_S = 60.0  # how far Northwind's clock may be behind ours


class CreateAudience:
    """``create_audience``, a ``Findable``: not safe to repeat, and it can be looked up."""

    payload_model: type[BaseModel] = Payload

    def send(self, payload: Payload, call: Call) -> Outcome:
        """Success: a status of success and a segment."""
        answer = ask(call, "POST", SEGMENTS, changes=True, body=_fields(payload))
        if not is_segment(answer.json):
            raise not_clear(answer, "Northwind answered with neither a segment nor an error", changes=True)
        return Succeeded(result(answer.json, already_existed=False))

    def find(self, payload: Payload, call: Call, since: datetime | None) -> Look:
        """By external_id; the segment is ours unless it is surely older than our request."""
        matching = _of_external_id(payload.external_id, call)
        if not matching:
            return Absent()
        if len(matching) > 1 or not is_segment(matching[0]):
            return CannotTell("the list holds several segments of this external_id, or one without an id")
        (segment,) = matching
        ours = since is not None and not _older(segment, since)
        return Found(result(segment, already_existed=not ours), ours, differences(_fields(payload), segment))


def _of_external_id(external_id: str, call: Call) -> list[dict[str, Any]]:
    """The filter leaves at most one, and is not trusted."""
    answer = ask(call, "GET", SEGMENTS, changes=False, params=[("external_id", external_id)])
    segments = answer.json.get("segments") if isinstance(answer.json, dict) else None
    if not isinstance(segments, list) or not all(isinstance(each, dict) for each in segments):
        raise not_clear(answer, "Northwind answered a list without its segments", changes=False)
    return [each for each in segments if each.get("external_id") == external_id]


def _older(segment: dict[str, Any], since: datetime) -> bool:
    created = segment.get("created_at")  # Unix seconds
    return isinstance(created, int | float) and created < since.timestamp() - CLOCK_SKEW_S


def _fields(payload: Payload) -> dict[str, Any]:
    """What the job gave, under Northwind's own names; no default is sent."""
    return payload.model_dump(mode="json", exclude_unset=True)
