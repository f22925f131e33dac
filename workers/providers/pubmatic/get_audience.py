"""How is one audience read at PubMatic?"""

from __future__ import annotations

from urllib.parse import quote

from pydantic import BaseModel

from schemas.pubmatic import GetAudience as Payload
from workers.http import Call
from workers.outcome import Outcome, Succeeded
from workers.providers.answers import outcome, unclear
from workers.providers.pubmatic.audience import audience_id, result
from workers.providers.pubmatic.request import AUDIENCES, ask, fields_of, not_refused, params_of


class GetAudience:
    """``get_audience``: safe to repeat. What does not exist is ``Rejected`` with PubMatic's code."""

    payload_model: type[BaseModel] = Payload

    def send(self, payload: Payload, call: Call) -> Outcome:
        """Success: a status of success and an object with an id."""
        params = fields_of(payload)
        path = f"{AUDIENCES}/{quote(str(params.pop('audienceId')), safe='')}"
        answer = not_refused(ask(call, "GET", path, changes=False, params=params_of(params)), changes=False)
        if audience_id(answer.json) is None:
            said = "PubMatic answered with neither an audience nor an error"
            return outcome(unclear(answer, said), answer, changes=False)
        return Succeeded(result(answer.json, already_existed=True))
