"""How is an audience created at Mintegral? From files that Mintegral already holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel

from schemas.mintegral import CreateAudience as PublishedPayload
from schemas.rules import Absent, Forbidden, Present, Required, Rule
from workers.http import Call
from workers.outcome import Outcome, Succeeded
from workers.providers.mintegral.audience import result, ta_id
from workers.providers.mintegral.lookup import look_up
from workers.providers.mintegral.request import ask, not_clear
from workers.providers.provider import Look


class Payload(PublishedPayload):
    """The published payload without ``files``: nothing is uploaded in this release."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Required("data_path", (Absent("data_path"),), "required: this release uploads no files"),
        Forbidden("files", (Present("files"),), "not given: this release uploads no files; give data_path"),
    )


class CreateAudience:
    """``create_audience``, a ``Findable``: not safe to repeat, and it can be looked up."""

    payload_model: type[BaseModel] = Payload

    def send(self, payload: Payload, call: Call) -> Outcome:
        """Success: code 200 and a ``data.ta_id``, which is all that Mintegral says of the new audience."""
        body = _fields(payload)
        answer = ask(call, "POST", changes=True, body=body, sent_name=payload.ta_name)
        known_id = ta_id(answer.json.get("data"))
        if known_id is None:
            return not_clear(answer, "Mintegral answered code 200 without a ta_id", changes=True)
        return Succeeded(result(answer.json["data"], known_id, already_existed=False))

    def find(self, payload: Payload, call: Call, since: datetime | None) -> Look:
        """By exact name, platform, area and set of device types, created no earlier than ``since``."""
        return look_up(_fields(payload), call, since)


def _fields(payload: Payload) -> dict[str, Any]:
    """What the job gave, under Mintegral's own names."""
    return payload.model_dump(mode="json", by_alias=True, exclude_unset=True)
