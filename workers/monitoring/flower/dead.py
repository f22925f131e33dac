"""What died, of which kinds, and which of a kind? Groups, filters and a page of dead letters at a time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, get_args

from schemas.event import ErrorCategory
from workers.bootstrap import Service
from workers.dead_letters.filter import Filter
from workers.dead_letters.find import find
from workers.dead_letters.group import group
from workers.dead_letters.summary import Summary
from workers.monitoring.flower.filters import filter_of, kind
from workers.monitoring.flower.masked import masked
from workers.monitoring.flower.orders import ORDERS
from workers.monitoring.flower.page import Page, Refused

ON_A_PAGE = 50


class DeadPage(Page):
    """Groups first, then the newest."""

    async def get(self) -> None:
        wanted, given = filter_of(self.asked)
        after = self.asked("after")
        letters = await self.read(_page, self.here, wanted, after)
        # A text or a run is looked for in every one: then the groups would keep the page waiting.
        groups = [] if after or wanted.looks_inside else await self.read(_groups, self.here, wanted, given)
        self.show(
            "dead.html",
            refresh=not wanted.looks_inside,
            groups=groups,
            many=sum(each["count"] for each in groups),
            letters=[masked(each.listed()) for each in letters[:ON_A_PAGE]],
            rest=_cursor(letters[ON_A_PAGE - 1]) if len(letters) > ON_A_PAGE else None,
            given=given,
            is_first=not after,
            categories=get_args(ErrorCategory),
            providers=sorted(self.here.providers),
            orders=ORDERS.newest_first(),
        )


def _page(here: Service, wanted: Filter, after: str) -> list[Summary]:
    """One more than a page has, so that it is known whether there is a next one."""
    if not after:
        return list(islice(find(here.redis, here.providers, wanted), ON_A_PAGE + 1))
    at, _, last = after.partition(" ")
    if not at.isdecimal():
        raise Refused("That page is none of this list: begin with the first one.", 400)
    found = find(here.redis, here.providers, wanted, int(at))
    return list(islice(_beyond(found, int(at), last), ON_A_PAGE + 1))


def _beyond(found: Iterator[Summary], at: int, last: str) -> Iterator[Summary]:
    """Those after the last one of a page. Of one microsecond several may have died; the last may be gone since."""
    same: list[Summary] = []
    for each in found:
        if each.died_at_us != at:
            yield from _after(same, last)
            yield each
            yield from found
            return
        same.append(each)
    yield from _after(same, last)


def _after(same: list[Summary], last: str) -> list[Summary]:
    ids = [each.place.id for each in same]
    return same[ids.index(last) + 1 :] if last in ids else same


def _cursor(last: Summary) -> str:
    return f"{last.died_at_us} {last.place.id}"


def _groups(here: Service, wanted: Filter, given: dict[str, str]) -> list[dict[str, Any]]:
    """Each with the filter of those that it counts."""
    found = group(here.redis, here.providers, wanted)
    return [{**each.listed(), "link": {**given, **kind(each.key)}} for each in found]
