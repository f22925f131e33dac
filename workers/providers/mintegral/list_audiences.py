"""Which audiences does an account have at Mintegral? All pages of the list, as far as filters and max_items go."""

from __future__ import annotations

from pydantic import BaseModel

from schemas.mintegral import ListAudiences as Payload
from workers.http import Call
from workers.outcome import Outcome, Succeeded
from workers.providers.listing import MAX_ITEMS
from workers.providers.mintegral.pages import read_list


class ListAudiences:
    """``list_audiences``, safe to repeat."""

    payload_model: type[BaseModel] = Payload

    def send(self, payload: Payload, call: Call) -> Outcome:
        """The filters are Mintegral's own: ``ta_name`` finds every name that is like it (Get Audience List)."""
        given = {"ta_name": payload.ta_name, "platform": payload.platform}
        params = [(name, str(value)) for name, value in given.items() if value is not None]
        ids = list(dict.fromkeys(payload.ta_ids or ()))
        listing = read_list(call, params, ids=ids, max_items=payload.max_items or MAX_ITEMS)
        return Succeeded(listing.result, listing.warnings)
