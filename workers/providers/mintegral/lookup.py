"""Is the audience that a create asked for there? Mintegral has no key but the name, held against its list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from workers.http import Call
from workers.providers.mintegral.audience import normalised, result, ta_id
from workers.providers.mintegral.pages import read_list
from workers.providers.provider import Absent, CannotTell, Found, Look

CLOCK_SKEW = timedelta(minutes=1)
"""How far Mintegral's clock may be behind ours. Unverified. More would risk adopting an older namesake."""

# IDFV and IDFV_MD5: 10 and 11 in Create (2025-07-29) and List, 12 and 13 in Update and newer copies of Create
_SAME_DEVICE = {12: 10, 13: 11}


def look_up(requested: Mapping[str, Any], call: Call, since: datetime | None) -> Look:
    """Look for the audience of a create's body; ``since`` as in ``Findable.find``."""
    params = [("ta_name", requested["ta_name"]), ("platform", str(requested["platform"]))]
    listing = read_list(call, params)
    if listing.cut is not None:
        return CannotTell(listing.cut)
    rows = [normalised(each) for each in listing.audiences]
    matching = [each for each in rows if _is_requested(requested, each) and _since(since, each)]
    if not matching:
        return Absent()
    if len(matching) > 1:
        return CannotTell(f"{len(matching)} audiences match the request")
    known_id = ta_id(matching[0])
    if known_id is None:
        return CannotTell("the audience that matches the request has no ta_id")
    return Found(result(matching[0], known_id, already_existed=since is None), ours=since is not None)


def _is_requested(requested: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """The name filter is fuzzy, so that names are compared. What a row leaves out speaks not against it."""
    if row.get("ta_name") != requested["ta_name"]:
        return False
    if any(row.get(name) not in (None, requested[name]) for name in ("platform", "area_type")):
        return False
    held = row.get("device_type")
    return held is None or _devices(held) == _devices([each["device_type"] for each in requested["data_path"]])


def _devices(types: Any) -> set[Any]:
    return {_SAME_DEVICE.get(each, each) for each in types} if isinstance(types, list) else {types}


def _since(since: datetime | None, row: Mapping[str, Any]) -> bool:
    created = row.get("ctime")
    return since is None or not isinstance(created, int) or created >= (since - CLOCK_SKEW).timestamp()
