"""How is an audience created at Mintegral? From files that Mintegral already holds, or that are uploaded first."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from schemas.mintegral import CreateAudience as Payload
from workers.http import Call
from workers.outcome import Outcome, Succeeded
from workers.providers.mintegral.audience import result, ta_id
from workers.providers.mintegral.data_paths import data_paths, device_types, renumbered
from workers.providers.mintegral.lookup import Wanted, look_up
from workers.providers.mintegral.request import ask, not_clear
from workers.providers.provider import Look


class CreateAudience:
    """``create_audience``, a ``Findable``: not safe to repeat, and it can be looked up."""

    payload_model: type[BaseModel] = Payload

    def send(self, payload: Payload, call: Call) -> Outcome:
        """Success: code 200 and a ``data.ta_id``, which is all that Mintegral says of the new audience."""
        body = {
            "ta_name": payload.ta_name,
            "area_type": payload.area_type,
            "platform": payload.platform,
            "data_path": data_paths(payload, call, area_type=payload.area_type),
        }
        answer = ask(call, "POST", changes=True, body=body)
        known_id = ta_id(answer.json.get("data"))
        if known_id is None:
            return not_clear(answer, "Mintegral answered code 200 without a ta_id", changes=True)
        warnings = renumbered(payload, call.account.device_types)
        return Succeeded(result(answer.json["data"], known_id, already_existed=False), warnings)

    def find(self, payload: Payload, call: Call, since: datetime | None) -> Look:
        """By exact name, platform, area and set of device types, created no earlier than ``since``."""
        table = call.account.device_types
        wanted = Wanted(payload.ta_name, payload.platform, payload.area_type, device_types(payload), table)
        return look_up(wanted, call, since, renumbered(payload, table))
