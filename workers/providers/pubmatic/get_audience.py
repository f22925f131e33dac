"""How is one audience read at PubMatic?"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from schemas.pubmatic import GetAudience as Payload
from workers.http import Answer, Call
from workers.outcome import AttemptEnded, Outcome, Succeeded
from workers.providers.answers import outcome, unclear
from workers.providers.pubmatic.audience import audience_id, result
from workers.providers.pubmatic.request import address_of, ask, fields_of, not_refused, params_of


class GetAudience:
    """``get_audience``: safe to repeat. What does not exist is ``Rejected`` with PubMatic's code."""

    payload_model: type[BaseModel] = Payload

    def send(self, payload: Payload, call: Call) -> Outcome:
        """Success: a status of success and an object with an id."""
        who = fields_of(payload)
        path = address_of(who.pop("audienceId"))
        audience = audience_of(ask(call, "GET", path, changes=False, params=params_of(who)))
        return Succeeded(result(audience, already_existed=True))


def audience_of(answer: Answer) -> dict[str, Any]:
    """The audience that a read answered. Raises ``AttemptEnded``."""
    body = not_refused(answer, changes=False).json
    if not isinstance(body, dict) or audience_id(body) is None:
        said = "PubMatic answered with neither an audience nor an error"
        raise AttemptEnded(outcome(unclear(answer, said), answer, changes=False))
    return body
