"""How are audiences deleted at Mintegral? All that a job names by one request."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from schemas.mintegral import DeleteAudience as Payload
from workers.http import Call
from workers.outcome import Outcome, Succeeded
from workers.providers.mintegral.pages import one_of, read_list
from workers.providers.mintegral.request import answered, change_refused
from workers.providers.provider import Absent, CannotTell, Found, Look


class DeleteAudience:
    """``delete_audience``, a ``Findable``: what is deleted is not in the list."""

    payload_model: type[BaseModel] = Payload

    def send(self, payload: Payload, call: Call) -> Outcome:
        """Success: code 200; ``data`` is null then (Delete Audience, 2025-07-14). A DELETE with a body."""
        answer, refusal = answered(call, "DELETE", changes=True, body={"ta_id": _ids(payload)})
        return Succeeded(_result(payload)) if refusal is None else change_refused(refusal, answer)

    def find(self, payload: Payload, call: Call, since: datetime | None) -> Look:  # noqa: ARG002 - an id is never given again
        """All gone: deleted. All there: not deleted."""
        ids = _ids(payload)
        listing = read_list(call, [], ids=ids)
        if listing.cut is not None:
            return CannotTell(listing.cut)
        left = len(one_of(ids, listing.audiences))
        if left == len(ids):
            return Absent()
        if left:
            return CannotTell(f"{len(ids) - left} of {len(ids)} audiences are gone: name the others in a new job")
        return Found(_result(payload), ours=True)


def _ids(payload: Payload) -> list[int]:
    return list(dict.fromkeys(payload.ta_id))


def _result(payload: Payload) -> dict[str, Any]:
    return {"deleted": [str(each) for each in _ids(payload)]}
