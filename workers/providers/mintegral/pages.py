"""What is a page of Mintegral's list? Rows in ``data.list``, counted by ``data.total``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from workers.http import Answer, Call
from workers.outcome import AttemptEnded
from workers.providers.listing import Audience, Listing, Page, read_all
from workers.providers.mintegral.audience import normalised, ta_id, whole
from workers.providers.mintegral.request import ask, not_clear

PAGE_SIZE = 500  # the most; a larger limit is silently taken for 500 (Get Audience List)
IDS_A_REQUEST = 100  # no most is documented; so many keep the address below 2,000 characters, which every server takes

Params = Sequence[tuple[str, str]]


def read_list(
    call: Call,
    params: Params,
    *,
    ids: Sequence[int] = (),
    max_items: int | None = None,
    answered: Callable[[Answer], None] = lambda _: None,
) -> Listing:
    """The audiences that match, up to ``max_items``; only those of ``ids`` if there are any.

    ``answered`` is told each answer. Raises ``AttemptEnded`` for a refusal.
    """
    parts = [ids[at : at + IDS_A_REQUEST] for at in range(0, len(ids), IDS_A_REQUEST)]

    def asked(of: Params, number: int) -> Page:
        answer = ask_for(call, [*of, *params], number)
        answered(answer)
        return page_of(answer, number)

    def page(number: int) -> Page:
        if len(parts) <= 1:
            return asked(_of(*parts), number)
        one = asked(_of(parts[number - 1]), 1)  # holds them all: PAGE_SIZE is larger
        return replace(one, pages=len(parts), total=None)

    return read_all(call, page, ta_id, page_size=PAGE_SIZE, max_items=max_items)


def ask_for(call: Call, params: Params, number: int) -> Answer:
    """The answer that holds one page."""
    return ask(call, "GET", changes=False, params=[*params, ("limit", str(PAGE_SIZE)), ("page", str(number))])


def page_of(answer: Answer, number: int) -> Page:
    """The page in an answer, its rows normalised. Raises ``AttemptEnded`` where there are none."""
    data = answer.json.get("data")
    rows = data.get("list") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
        said = "Mintegral answered a list without its rows"
        raise AttemptEnded(not_clear(answer, said, changes=False))
    total, limit = _count(data.get("total")), _count(data.get("limit")) or PAGE_SIZE
    pages = -(-total // limit) if total is not None else number + (len(rows) >= limit)
    return Page([normalised(each) for each in rows], pages, total)


def one_of(ids: Sequence[int], audiences: Sequence[Audience]) -> dict[int, Audience]:
    """The audiences of ``ids`` by their id: the filter is Mintegral's, and so may be more rows than were asked for."""
    return {known: each for each in audiences if (known := ta_id(each)) in ids and known is not None}


def _of(*ids: Sequence[int]) -> Params:
    return [("ta_ids", ",".join(map(str, each))) for each in ids]


def _count(value: Any) -> int | None:
    number = whole(value)
    return number if number is not None and number >= 0 else None
