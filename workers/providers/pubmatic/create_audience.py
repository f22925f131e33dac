"""How is an audience created at PubMatic? Simple or complex: the payload alone decides."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from schemas.pubmatic import CreateAudience as Payload
from workers.http import Call
from workers.outcome import AlreadyExists, Outcome, Succeeded
from workers.providers.answers import outcome, unclear
from workers.providers.provider import Absent, Look
from workers.providers.pubmatic.audience import audience_id, differences, result
from workers.providers.pubmatic.errors import refused
from workers.providers.pubmatic.lookup import look_up
from workers.providers.pubmatic.request import AUDIENCES, ask, fields_of
from workers.providers.pubmatic.shown_late import keep, not_found, said_to_exist


class CreateAudience:
    """``create_audience``, a ``Findable``: not safe to repeat, and it can be looked up."""

    payload_model: type[BaseModel] = Payload

    def send(self, payload: Payload, call: Call) -> Outcome:
        """Success: a status of success and an object with an id, the only field that is sure to be there."""
        if (told_before := said_to_exist(call)) is not None:
            return told_before
        requested = fields_of(payload)
        answer = ask(call, "POST", AUDIENCES, changes=True, body=requested)
        if (refusal := refused(answer)) is not None:
            told = outcome(refusal, answer, changes=True)
            if isinstance(told, AlreadyExists):
                keep(call, told)
            return told
        if audience_id(answer.json) is None:
            said = "PubMatic answered the create with neither an audience's id nor an error"
            return outcome(unclear(answer, said), answer, changes=True)
        return Succeeded(result(answer.json, already_existed=False), differences(requested, answer.json))

    def find(self, payload: Payload, call: Call, since: datetime | None) -> Look:
        """Simple: account, dataProviderId and providerAudienceId. Complex: account, name and queryInfix."""
        look = look_up(fields_of(payload), call, since)
        if isinstance(look, Absent):
            not_found(call, since)
        return look
