"""How is a provider's list read whole? Page after page, within a cap, and never the same page for ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MAX_PAGES = 200  # each page spends a permit; whoever has more audiences narrows the filters

Audience = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """One page. ``pages`` is how many there are, ``total`` how many audiences; None where it is not said."""

    audiences: list[Audience]
    pages: int | None
    total: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    """The audiences as the provider wrote them, each once, and how many it says there are."""

    audiences: list[Audience]
    total: int


@dataclass(frozen=True, slots=True)
class NotWhole:
    """The list could not be read to its end."""

    why: str


def read_all(
    read_page: Callable[[int], Page],
    id_of: Callable[[Audience], object],
    *,
    page_size: int,
    max_items: int | None = None,
) -> Listing | NotWhole:
    """Every audience, or the first ``max_items``. Pages count from 1.

    Where a provider does not say how many pages there are, one of less than ``page_size`` is the last.
    """
    known: dict[object, Audience] = {}
    before: list[object] | None = None
    for number in range(1, MAX_PAGES + 1):
        page = read_page(number)
        ids = [id_of(each) for each in page.audiences]
        if ids == before:
            return NotWhole(
                f"page {number} of the list repeats the page before it; the page number seems to be ignored"
            )
        for place, (each_id, each) in enumerate(zip(ids, page.audiences, strict=True)):
            # The list may shift while it is read; an audience without an id cannot be known again.
            known.setdefault(each_id if each_id is not None else (number, place), each)
        total = len(known) if page.total is None else page.total
        if max_items is not None and len(known) >= max_items:
            return Listing(list(known.values())[:max_items], total)
        if number >= page.pages if page.pages is not None else len(page.audiences) < page_size:
            return Listing(list(known.values()), total)
        if max_items is None and page.pages is not None and page.pages > MAX_PAGES:
            break
        before = ids
    return NotWhole(f"the list has more than {MAX_PAGES} pages, the most that are read")
