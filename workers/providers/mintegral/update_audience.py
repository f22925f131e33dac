"""How do an audience's files get replaced at Mintegral? By others; and not within 12 hours of the last change."""

from __future__ import annotations

import time
from datetime import datetime

from pydantic import BaseModel

from schemas.mintegral import UpdateAudience as Payload
from workers.http import Call
from workers.outcome import Outcome, Succeeded
from workers.providers.mintegral.audience import result, ta_id
from workers.providers.mintegral.clock import sent
from workers.providers.mintegral.data_paths import data_paths, renumbered
from workers.providers.mintegral.request import answered, not_clear
from workers.providers.mintegral.twelve_hours import check_before_upload, refused_update, see
from workers.providers.provider import Absent, CannotTell, Found, Look

AREA_TYPE = 1  # of the files; an update names no area, and Create knows no other (2025-07-29)


class UpdateAudience:
    """``update_audience``, a ``Findable``: it shows in the audience's ``utime``."""

    payload_model: type[BaseModel] = Payload

    def send(self, payload: Payload, call: Call) -> Outcome:
        """Success: code 200; the ``ta_id`` that Mintegral repeats is the job's own, if it does."""
        if payload.files is not None:
            check_before_upload(call, payload.ta_id)
        body = {"ta_id": payload.ta_id, "data_path": data_paths(payload, call, area_type=AREA_TYPE)}
        answer, refusal = answered(call, "PUT", changes=True, body=body)
        if refusal is not None:
            return refused_update(call, payload.ta_id, refusal, answer)
        data = answer.json.get("data")
        if ta_id(data) not in (None, payload.ta_id):
            return not_clear(answer, "Mintegral answered code 200 for another audience", changes=True)
        updated = result(data if isinstance(data, dict) else {}, payload.ta_id, already_existed=True)
        return Succeeded(updated, renumbered(payload, call.account.device_types))

    def find(self, payload: Payload, call: Call, since: datetime | None) -> Look:
        """By the audience's time of change. Nobody else's can be that near: the 12 hours hold for all."""
        seen = see(call, payload.ta_id)
        if seen.row is None:
            return Absent()
        if seen.changed_at is None or since is None:
            return CannotTell("when the audience was changed, or when the request was sent, is not known")
        if seen.changed_at < sent(since, seen.answer, time.time()).surely_by_s:
            return Absent()  # if it was this one after all, it is sent again in 12 hours: with the same files
        updated = result(seen.row, payload.ta_id, already_existed=True)
        return Found(updated, ours=True, differences=renumbered(payload, call.account.device_types))
