"""How is PubMatic's list read whole? Page after page, within a cap, and never the same page for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workers.http import Answer, Call
from workers.outcome import AttemptEnded
from workers.providers.answers import Means, outcome, unclear
from workers.providers.pubmatic.audience import audience_id
from workers.providers.pubmatic.errors import refused
from workers.providers.pubmatic.request import AUDIENCES, ask, not_refused

# pageNumber and pageSize are PubMatic's platform-wide convention (Reporting and Listing API); that they apply to audiences
# is unverified. Some resources are known to ignore pageSize, so that only what an answer says of itself is believed.
PAGE_SIZE = 200
MAX_PAGES = 200


@dataclass(frozen=True, slots=True)
class Listing:
    """The audiences as PubMatic wrote them, and how many it says there are."""

    audiences: list[dict[str, Any]]
    total: int


@dataclass(frozen=True, slots=True)
class NotWhole:
    """The list could not be read to its end."""

    why: str


@dataclass(frozen=True, slots=True)
class _Page:
    items: list[dict[str, Any]]
    pages: int | None
    total: int | None


def read_all(call: Call, params: Sequence[tuple[str, str]], max_items: int | None = None) -> Listing | NotWhole:
    """Every audience that matches, or the first ``max_items``. Raises ``AttemptEnded`` for a refusal."""
    seen: set[str] = set()
    audiences: list[dict[str, Any]] = []
    for number in range(1, MAX_PAGES + 1):
        page = _page(call, [*params, ("pageNumber", str(number)), ("pageSize", str(PAGE_SIZE))])
        fresh = [each for each in page.items if audience_id(each) not in seen]
        if page.items and not fresh:
            return NotWhole(f"PubMatic answered page {number} with audiences of the pages before: it seems to ignore pageNumber")
        audiences += fresh
        seen |= {known for each in fresh if (known := audience_id(each)) is not None}
        if max_items is not None and len(audiences) >= max_items:
            return Listing(audiences[:max_items], _total(page, audiences))
        if number >= page.pages if page.pages is not None else len(page.items) < PAGE_SIZE:
            return Listing(audiences, _total(page, audiences))
        if max_items is None and page.pages is not None and page.pages > MAX_PAGES:
            return NotWhole(f"the list has {page.pages} pages; at most {MAX_PAGES} are read")
    return NotWhole(f"the list has more than {MAX_PAGES} pages, the most that are read")


def _total(page: _Page, audiences: list[dict[str, Any]]) -> int:
    return len(audiences) if page.total is None else page.total


def _page(call: Call, params: Sequence[tuple[str, str]]) -> _Page:
    answer = ask(call, "GET", AUDIENCES, changes=False, params=params)
    refusal = refused(answer)
    if refusal is not None and refusal.means is Means.ABSENT:
        return _Page([], pages=0, total=None)  # an empty list is answered as an error
    body = not_refused(answer, changes=False).json
    if isinstance(body, list):
        return _Page(_objects(answer, body), pages=1, total=len(body))
    if isinstance(body, dict) and isinstance(body.get("items"), list):
        about = body["metaData"] if isinstance(body.get("metaData"), dict) else {}
        return _Page(_objects(answer, body["items"]), _whole(about.get("numberOfPages")), _whole(about.get("totalRecords")))
    raise AttemptEnded(outcome(unclear(answer, "PubMatic answered a list with neither audiences nor an error"), answer, changes=False))


def _objects(answer: Answer, items: list[Any]) -> list[dict[str, Any]]:
    if all(isinstance(each, dict) for each in items):
        return items
    raise AttemptEnded(outcome(unclear(answer, "PubMatic's list holds what is no audience"), answer, changes=False))


def _whole(value: Any) -> int | None:
    """The numbers of metaData are strings (page v34/v35, list sample)."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None
