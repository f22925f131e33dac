"""How is a provider's list read? Page after page, up to the first of its bounds, and never the same page for ever."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from workers.http import Call
from workers.outcome import AttemptEnded

MAX_PAGES = 200  # each page spends a permit; whoever has more audiences narrows the filters
MAX_ITEMS = 10_000  # where a job does not say how many it wants
# Of a result as JSON; an event may be 8 MiB (execution/settle.py), a message 16 (RabbitMQ 4).
MAX_BYTES = 6 * 1024 * 1024

Audience = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """One page. ``pages`` is how many there are, ``total`` how many audiences; None where it is not said."""

    audiences: list[Audience]
    pages: int | None
    total: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    """The audiences, each once, and how many there are by what the provider says."""

    audiences: list[Audience]
    total: int
    cut: str | None = None
    """Why the list ends early, as a sentence; None where it is whole."""

    @property
    def warnings(self) -> tuple[str, ...]:
        return () if self.cut is None else (self.cut,)

    @property
    def result(self) -> dict[str, Any]:
        """The event's result for a list."""
        return {"audiences": self.audiences, "total": self.total, "truncated": self.cut is not None}


def read_all(
    call: Call,
    read_page: Callable[[int], Page],
    id_of: Callable[[Audience], object],
    *,
    page_size: int,
    max_items: int | None = None,
) -> Listing:
    """The audiences up to ``max_items``; None: all of them, and reading ends at once where that cannot be.

    A list up to ``max_items`` goes on where an earlier attempt had to stop, and holds no thread while it waits.

    Pages count from 1. Where a provider does not say how many there are, one of less than ``page_size`` is the last,
    unless it counts more audiences than it has shown: then its pages are shorter than asked for.
    """
    gathered = _Gathered(max_items, id_of)
    read_page = read_page if max_items is None else _Kept(call, read_page)
    before: list[object] | None = None
    for number in range(1, MAX_PAGES + 1):
        page = read_page(number)
        ids = [id_of(each) for each in page.audiences]
        if ids and ids == before:
            return gathered.ended(
                page.total, f"page {number} repeats the page before it; the provider seems to ignore the page number"
            )
        cut = gathered.add(number, page)
        if max_items is None and page.pages is not None and page.pages > MAX_PAGES:
            break
        if cut is not None or _is_last(number, page, page_size, gathered.count):
            return gathered.ended(page.total, cut)
        before = ids
    return gathered.ended(page.total, f"the list has more than {MAX_PAGES} pages, the most that are read")


def _is_last(number: int, page: Page, page_size: int, count: int) -> bool:
    if page.pages is not None:
        return number >= page.pages
    return not page.audiences or (len(page.audiences) < page_size and count >= (page.total or 0))


class _Kept:
    """Pages that the job's notes hold are not asked for again; when reading has to stop, the new ones are noted."""

    def __init__(self, call: Call, read_page: Callable[[int], Page]) -> None:
        self._call, self._read_page = call, read_page
        self._new: dict[int, Page] = {}

    def __call__(self, number: int) -> Page:
        held = self._call.notes.known.get(f"page {number}")
        if held is not None:
            return Page(**held)
        self._call.may_end_here()
        try:
            self._new[number] = self._read_page(number)
        except AttemptEnded:
            for each, page in self._new.items():
                self._call.notes.keep(f"page {each}", asdict(page))
            raise
        return self._new[number]


class _Gathered:
    """What was read so far."""

    def __init__(self, max_items: int | None, id_of: Callable[[Audience], object]) -> None:
        self._max_items, self._id_of = max_items, id_of
        self._known: dict[object, Audience] = {}
        self._bytes = 0

    @property
    def count(self) -> int:
        return len(self._known)

    def add(self, number: int, page: Page) -> str | None:
        """Take what is new of a page; why no more may be taken."""
        for place, each in enumerate(page.audiences):
            each_id = self._id_of(each)
            # The list may shift while it is read; an audience without an id cannot be known again.
            key = each_id if each_id is not None else (number, place)
            if key in self._known:
                continue
            if len(self._known) == self._max_items:
                return f"the list ends at max_items, {self._max_items}"
            self._bytes += len(json.dumps(each, ensure_ascii=False).encode())
            if self._bytes > MAX_BYTES:
                return f"the list ends at {len(self._known)} audiences, which is what one event can carry"
            self._known[key] = each
        return None

    def ended(self, total: int | None, cut: str | None) -> Listing:
        return Listing(list(self._known.values()), max(total or 0, len(self._known)), cut)
