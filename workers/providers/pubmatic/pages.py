"""What is a page of PubMatic's list? A bare array, or items with metaData."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from workers.http import Answer, Call
from workers.outcome import AttemptEnded
from workers.providers.answers import Means, outcome, unclear
from workers.providers.listing import Audience, Listing, Page, read_all
from workers.providers.pubmatic.audience import audience_id
from workers.providers.pubmatic.errors import refused
from workers.providers.pubmatic.request import AUDIENCES, ask, not_refused

# pageNumber and pageSize are PubMatic's platform-wide convention (Reporting and Listing API); that they apply
# to audiences is unverified. Some resources ignore pageSize: only what an answer says of itself is believed.
PAGE_SIZE = 200


def read_list(call: Call, params: Sequence[tuple[str, str]], max_items: int | None = None) -> Listing:
    """The audiences that match, up to ``max_items``. Raises ``AttemptEnded`` for a refusal."""
    before: list[Audience] = []

    def page(number: int) -> Page:
        nonlocal before
        read = _page(call, params, number)
        if read.pages is None and read.audiences == before:
            return Page([], pages=number, total=None)  # a list that knows no pages was whole the first time
        before = read.audiences
        return read

    return read_all(call, page, audience_id, page_size=PAGE_SIZE, max_items=max_items)


def _page(call: Call, params: Sequence[tuple[str, str]], number: int) -> Page:
    paged = [*params, ("pageNumber", str(number)), ("pageSize", str(PAGE_SIZE))]
    answer = ask(call, "GET", AUDIENCES, changes=False, params=paged)
    refusal = refused(answer)
    if refusal is not None and refusal.means is Means.ABSENT:
        return Page([], pages=0, total=None)  # PubMatic answers an empty list as an error, CC03_0001
    body = not_refused(answer, changes=False).json
    if isinstance(body, list):
        return _bare(_audiences(answer, body), number)
    if not isinstance(body, dict) or not isinstance(body.get("items"), list):
        raise _unclear(answer, "PubMatic answered a list with neither audiences nor an error")
    about = body["metaData"] if isinstance(body.get("metaData"), dict) else {}
    pages, total = _whole(about.get("numberOfPages")), _whole(about.get("totalRecords"))
    return Page(_audiences(answer, body["items"]), pages, total)


def _bare(audiences: list[Audience], number: int) -> Page:
    """A bare array is all there is, as in the page's examples; unless it is just as long as a page could be."""
    may_go_on = len(audiences) == PAGE_SIZE
    return Page(
        audiences, None if may_go_on else number, None if may_go_on else (number - 1) * PAGE_SIZE + len(audiences)
    )


def _audiences(answer: Answer, items: list[Any]) -> list[dict[str, Any]]:
    if not all(isinstance(each, dict) for each in items):
        raise _unclear(answer, "PubMatic's list holds what is no audience")
    return items


def _unclear(answer: Answer, message: str) -> AttemptEnded:
    return AttemptEnded(outcome(unclear(answer, message), answer, changes=False))


def _whole(value: Any) -> int | None:
    """The numbers of metaData are strings (Audience API page v34/v35, the list's sample)."""
    return int(value) if isinstance(value, int | str) and re.fullmatch("[0-9]{1,18}", str(value)) else None
