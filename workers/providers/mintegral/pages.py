"""What is a page of Mintegral's list? Rows in ``data.list``, counted by ``data.total``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workers.http import Call
from workers.outcome import AttemptEnded
from workers.providers.listing import Listing, Page, read_all
from workers.providers.mintegral.audience import ta_id
from workers.providers.mintegral.request import ask, not_clear

PAGE_SIZE = 500  # the most; a larger limit is silently taken for 500 (Get Audience List)


def read_list(call: Call, params: Sequence[tuple[str, str]], max_items: int | None = None) -> Listing:
    """The audiences that match, up to ``max_items``, or all of them. Raises ``AttemptEnded`` for a refusal."""

    def page(number: int) -> Page:
        return _page(call, [*params, ("limit", str(PAGE_SIZE)), ("page", str(number))])

    return read_all(page, ta_id, page_size=PAGE_SIZE, max_items=max_items)


def _page(call: Call, params: Sequence[tuple[str, str]]) -> Page:
    answer = ask(call, "GET", changes=False, params=params)
    data = answer.json.get("data")
    rows = data.get("list") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
        said = "Mintegral answered a list without its rows"
        raise AttemptEnded(not_clear(answer, said, changes=False))
    total, limit = _whole(data.get("total")), _whole(data.get("limit")) or PAGE_SIZE
    return Page(rows, None if total is None else -(-total // limit), total)


def _whole(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None
