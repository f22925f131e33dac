"""How is an audience changed at PubMatic? PATCH with the changed fields alone.

Never PUT: on this platform it silently resets what a body leaves out (Unified Ad Server references, DOC-2163). That
PATCH changes name, description, price and enabled is a later version of the Audience API page (2021-02-28). Its path
with /audience, the account in the query as for a get, and the audience as the answer are unverified.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel

from schemas.pubmatic import UpdateAudience as Payload
from workers.http import Call
from workers.outcome import Outcome, Succeeded
from workers.providers.answers import Means, outcome, unclear
from workers.providers.provider import Absent, Found, Look
from workers.providers.pubmatic.audience import audience_id, differences, result, shows
from workers.providers.pubmatic.errors import refused
from workers.providers.pubmatic.get_audience import audience_of
from workers.providers.pubmatic.request import ACCOUNT_FIELDS, address_of, ask, fields_of, params_of


class UpdateAudience:
    """``update_audience``, a ``Findable``: a lost answer is looked up, and what did not happen is sent again."""

    payload_model: type[BaseModel] = Payload

    def send(self, payload: Payload, call: Call) -> Outcome:
        """Success: a status of success and an object with an id.

        A success without one, such as an empty 204, is unknown: the look-up then reads the audience, without which
        there is no result anyway.
        """
        asked = _asked(payload)
        answer = ask(call, "PATCH", asked.path, changes=True, params=asked.who, body=asked.changed)
        if (refusal := refused(answer)) is not None:
            nothing_to_adopt = refusal.means is Means.EXISTS  # such as a name that another audience has
            refusal = replace(refusal, means=Means.REJECTED) if nothing_to_adopt else refusal
            return outcome(refusal, answer, changes=True)
        if audience_id(answer.json) is None:
            said = "PubMatic answered the update with neither the audience nor an error"
            return outcome(unclear(answer, said), answer, changes=True)
        return Succeeded(result(answer.json, already_existed=True), differences(asked.changed, answer.json))

    def find(self, payload: Payload, call: Call, since: datetime | None) -> Look:  # noqa: ARG002 - as Findable
        """Found: the audience has every changed field as requested. Otherwise it is sent again, which harms nothing."""
        asked = _asked(payload)
        answer = ask(call, "GET", asked.path, changes=False, params=asked.who)
        refusal = refused(answer)
        if refusal is not None and refusal.means is Means.ABSENT:
            return Absent()
        audience = audience_of(answer)
        return Found(result(audience, already_existed=True), ours=True) if shows(asked.changed, audience) else Absent()


class _Asked(NamedTuple):
    path: str
    who: list[tuple[str, str]]
    changed: dict[str, Any]


def _asked(payload: Payload) -> _Asked:
    """The payload apart: the body holds what changes, and nothing that PubMatic might take for a change."""
    fields = fields_of(payload)
    path = address_of(fields.pop("audienceId"))
    who = {name: fields.pop(name) for name in ACCOUNT_FIELDS if name in fields}
    return _Asked(path, params_of(who), fields)
