"""Is the audience that a create asked for there? Mintegral has no key but the name, held against its list."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workers.http import Answer, Call
from workers.outcome import AttemptEnded, Deferred, Said
from workers.providers.mintegral.audience import result, ta_id
from workers.providers.mintegral.clock import sent
from workers.providers.mintegral.device_types import Table, kinds
from workers.providers.mintegral.pages import read_list
from workers.providers.provider import Absent, CannotTell, Found, Look

NEAR_WAITS_S = (4.0, 8.0)
"""Where a look-up shows nothing but a namesake from about the time of the request: lists may lag. Our own choice."""

_NEAR = "namesakes_near"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a create asked for, as far as a row of the list shows it."""

    ta_name: str
    platform: int
    area_type: int
    device_types: tuple[int, ...]
    table: Table

    def is_(self, row: Mapping[str, Any]) -> bool:
        """The name filter is fuzzy, so that names are compared. What a row leaves out speaks not against it."""
        if row.get("ta_name") != self.ta_name:
            return False
        if row.get("platform") not in (None, self.platform) or row.get("area_type") not in (None, self.area_type):
            return False
        held = row.get("device_type")
        return held is None or kinds(held, self.table) == kinds([*self.device_types], self.table)


def look_up(wanted: Wanted, call: Call, since: datetime | None, differences: tuple[str, ...] = ()) -> Look:
    """Look for the audience of a create; ``since`` as in ``Findable.find``."""
    last: deque[Answer] = deque(maxlen=1)
    by_name = [("ta_name", wanted.ta_name), ("platform", str(wanted.platform))]
    listing = read_list(call, by_name, answered=last.append)
    if listing.cut is not None:
        return CannotTell(listing.cut)
    alike = matching = [each for each in listing.audiences if wanted.is_(each)]
    if since is not None:
        when = sent(since, last[0], time.time())
        matching = [each for each in alike if not _older(each, when.surely_by_s)]
        if not matching and any(not _older(each, when.not_before_s) for each in alike):
            return _near(call)
    if not matching:
        return Absent()
    if len(matching) > 1:
        return CannotTell(f"{len(matching)} audiences match the request")
    known_id = ta_id(matching[0])
    if known_id is None:
        return CannotTell("the audience that matches the request has no ta_id")
    ours = since is not None
    return Found(result(matching[0], known_id, already_existed=not ours), ours, differences)


def _near(call: Call) -> Look:
    """A namesake whose time says neither that it is ours nor that it is not; ours may not be shown yet."""
    looks = call.notes.known.get(_NEAR, 0)
    if looks < len(NEAR_WAITS_S):
        call.notes.keep(_NEAR, looks + 1)
        said = Said("a look-up found only a namesake that is hardly older than the request")
        raise AttemptEnded(Deferred(said, NEAR_WAITS_S[looks]))
    return CannotTell("an audience like the requested one is hardly older than the request: it may be ours or not")


def _older(row: Mapping[str, Any], than_s: float) -> bool:
    created = row.get("ctime")
    return isinstance(created, int) and created < than_s
