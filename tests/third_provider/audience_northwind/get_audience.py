"""How is one audience read at Northwind?"""

from __future__ import annotations

from urllib.parse import quote

from pydantic import BaseModel

from audience_northwind.payloads import GetAudience as Payload
from audience_northwind.request import SEGMENTS, ask, not_clear
from audience_northwind.segment import is_segment, result
from workers.http import Call
from workers.outcome import Outcome, Succeeded


class GetAudience:
    """``get_audience``: safe to repeat. What does not exist is ``Rejected`` with Northwind's code."""

    payload_model: type[BaseModel] = Payload

    def send(self, payload: Payload, call: Call) -> Outcome:
        """Success: a status of success and a segment."""
        answer = ask(call, "GET", f"{SEGMENTS}/{quote(payload.id, safe='')}", changes=False)
        if not is_segment(answer.json):
            raise not_clear(answer, "Northwind answered with neither a segment nor an error", changes=False)
        return Succeeded(result(answer.json, already_existed=True))
