"""Where does a list end? At its last page, or at the first of its bounds, which it says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from calls import call_to

from workers.outcome import AttemptEnded, Postponed, Said
from workers.providers.listing import MAX_BYTES, MAX_PAGES, Audience, Listing, Page, read_all


def pages_of(count: int, size: int, *, text: str = "", says: bool = True) -> Callable[[int], Page]:
    """A provider with ``count`` audiences in pages of ``size``, which says how many there are or does not."""

    def page(number: int) -> Page:
        ids = range((number - 1) * size, min(number * size, count))
        return Page([{"id": each, "text": text} for each in ids], -(-count // size) if says else None, count)

    return page


def read(page: Callable[[int], Page], size: int, max_items: int | None = None) -> Listing:
    def id_of(audience: Audience) -> object:
        return audience.get("id")

    return read_all(call_to(""), page, id_of, page_size=size, max_items=max_items)


def test_a_list_of_exactly_max_items_is_whole() -> None:
    assert read(pages_of(4, 2), 2, max_items=4).cut is None
    assert read(pages_of(4, 2, says=False), 2, max_items=4).cut is None
    assert read(pages_of(5, 2), 2, max_items=4).cut == "the list ends at max_items, 4"


def test_a_short_page_is_not_the_last_of_a_list_that_counts_more() -> None:
    asked_for = 200
    assert len(read(pages_of(23, 10, says=False), asked_for).audiences) == 23
    assert read(pages_of(0, 10, says=False), asked_for).cut is None


def test_an_empty_page_is_the_last_whatever_is_counted() -> None:
    listing = read(lambda number: Page([{"id": 1}] if number == 1 else [], None, 23), 200)
    assert listing.result == {"audiences": [{"id": 1}], "total": 23, "truncated": False}


def test_what_must_be_read_whole_ends_at_once_where_it_cannot_be() -> None:
    asked: list[int] = []

    def page(number: int) -> Page:
        asked.append(number)
        return Page([{"id": number}], MAX_PAGES + 1, None)

    assert read(page, 1).result["truncated"]
    assert asked == [1]


def test_a_list_ends_at_the_most_pages_that_are_read() -> None:
    asked: list[int] = []

    def page(number: int) -> Page:
        asked.append(number)
        return Page([{"id": number}], None, None)

    listing = read(page, 1)
    assert asked == list(range(1, MAX_PAGES + 1))
    assert listing.warnings == ("the list has more than 200 pages, the most that are read",)


def test_a_list_ends_at_what_one_event_can_carry() -> None:
    listing = read(pages_of(100, 10, text="ü" * (MAX_BYTES // 16)), 10)
    assert len(listing.audiences) == 7
    assert listing.warnings == ("the list ends at 7 audiences, which is what one event can carry",)


def test_two_empty_pages_are_no_repetition() -> None:
    assert read(lambda _: Page([], 3, 0), 10).cut is None


def test_a_list_that_has_to_stop_goes_on_from_the_pages_that_were_noted() -> None:
    call, asked = call_to(""), list[int]()

    def page(number: int) -> Page:
        asked.append(number)
        if number == 3 and asked.count(3) == 1:
            raise AttemptEnded(Postponed(Said("the lane is limited")))
        return pages_of(7, 2)(number)

    def once() -> Listing:
        return read_all(call, page, lambda audience: audience["id"], page_size=2, max_items=100)

    with pytest.raises(AttemptEnded):
        once()
    assert [each["id"] for each in once().audiences] == list(range(7))
    assert asked == [1, 2, 3, 3, 4]
