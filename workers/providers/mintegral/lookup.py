"""Is the audience that a create asked for there? Mintegral has no key but the name, held against its list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from workers.http import Call
from workers.providers.mintegral.audience import result, ta_id
from workers.providers.mintegral.device_types import Table, kinds
from workers.providers.mintegral.pages import read_list
from workers.providers.provider import Absent, CannotTell, Found, Look

CLOCK_SKEW = timedelta(minutes=1)
"""How far Mintegral's clock may be behind ours. Unverified. More would risk adopting an older namesake."""


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
    listing = read_list(call, [("ta_name", wanted.ta_name), ("platform", str(wanted.platform))])
    if listing.cut is not None:
        return CannotTell(listing.cut)
    matching = [each for each in listing.audiences if wanted.is_(each) and _since(since, each)]
    if not matching:
        return Absent()
    if len(matching) > 1:
        return CannotTell(f"{len(matching)} audiences match the request")
    known_id = ta_id(matching[0])
    if known_id is None:
        return CannotTell("the audience that matches the request has no ta_id")
    ours = since is not None
    return Found(result(matching[0], known_id, already_existed=not ours), ours, differences)


def _since(since: datetime | None, row: Mapping[str, Any]) -> bool:
    created = row.get("ctime")
    return since is None or not isinstance(created, int) or created >= (since - CLOCK_SKEW).timestamp()
