"""How are all audiences of an account listed at PubMatic?"""

from __future__ import annotations

from dataclasses import replace

from pydantic import BaseModel

from schemas.pubmatic import ListAudiences as Payload
from workers.http import Call
from workers.outcome import Outcome, Succeeded
from workers.providers.listing import MAX_ITEMS
from workers.providers.pubmatic.audience import normalised
from workers.providers.pubmatic.pages import read_list
from workers.providers.pubmatic.request import fields_of, params_of


class ListAudiences:
    """``list_audiences``: safe to repeat; all pages, or the first ``max_items`` audiences."""

    payload_model: type[BaseModel] = Payload

    def send(self, payload: Payload, call: Call) -> Outcome:
        """``total`` is how many there are, also where fewer are shown."""
        filters = fields_of(payload)
        max_items = filters.pop("max_items", MAX_ITEMS)
        listing = read_list(call, params_of(filters), max_items)
        shown = replace(listing, audiences=[normalised(each) for each in listing.audiences])
        return Succeeded(shown.result, shown.warnings)
