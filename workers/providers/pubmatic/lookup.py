"""Is the audience that a create asked for there? PubMatic's natural keys, held against its list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from workers.http import Call
from workers.providers.provider import Absent, CannotTell, Found, Look
from workers.providers.pubmatic.audience import audience_id, differences, normalised, result
from workers.providers.pubmatic.pages import read_list
from workers.providers.pubmatic.request import ACCOUNT_FIELDS, params_of

Audience = Mapping[str, Any]

SURELY_OLDER = timedelta(hours=24 + 12 + 1)
"""creationTime is sometimes only a day, names no time zone (12 h at most behind UTC), and clocks differ."""


def look_up(requested: Audience, call: Call, since: datetime | None) -> Look:
    """Look for the audience of a create's body; ``since`` as in ``Findable.find``.

    Shared audiences stay out of sight, because the list shows MY_AUDIENCE unless it is asked for more.
    """
    by_rule = "queryInfix" in requested
    filters = ("name",) if by_rule else ("dataProviderId", "providerAudienceId")
    params = {name: requested[name] for name in (*ACCOUNT_FIELDS, *filters) if name in requested}
    listing = read_list(call, params_of(params))
    if listing.cut is not None:
        return CannotTell(listing.cut)
    if not by_rule:
        return _only([each for each in listing.audiences if _same_identity(requested, each)], requested, since)
    rule = tokens(requested["queryInfix"])
    alike = [each for each in listing.audiences if tokens(str(each.get("queryInfix", ""))) == rule]
    named = [each for each in alike if each.get("name") == requested["name"]]
    # The page's own complex sample answers another name than was sent: such an audience might be ours.
    if not named and since is not None and any(not _surely_older(each, since) for each in alike):
        return CannotTell("an audience of the same queryInfix has another name than was requested")
    return _only(named, requested, since)


def _only(matching: list[dict[str, Any]], requested: Audience, since: datetime | None) -> Look:
    if not matching:
        return Absent()
    if len(matching) > 1:
        return CannotTell(f"{len(matching)} audiences match the request")
    (audience,) = matching
    if audience_id(audience) is None:
        return CannotTell("the audience that matches the request has no id")
    # A date proves too little to call somebody else's what our own request may have made: it is told, and no more.
    said = differences(requested, audience)
    if since is not None and _surely_older(audience, since):
        said = (f"creationTime is {normalised(audience)['creationTime']}, before the request", *said)
    return Found(result(audience, already_existed=since is None), since is not None, said)


def _same_identity(requested: Audience, audience: Audience) -> bool:
    """That these two identify a simple audience is inferred from a later integration, and unverified."""
    names = ("dataProviderId", "providerAudienceId")
    ours, theirs = normalised(requested), normalised(audience)
    return all(ours[name] == theirs.get(name) for name in names)


def tokens(query_infix: str) -> list[str]:
    """The rule without what its notation adds: "(,383:7,)" and "(383:7)" are one (page v34/v35 has both)."""
    found = re.findall(r"[()]|[^\s,()]+", query_infix)
    closes = _closing(found)
    last, outer = len(found) - 1, 0
    while outer <= last and closes.get(outer) == last - outer:
        outer += 1
    return found[outer : len(found) - outer]


def _closing(found: list[str]) -> dict[int, int]:
    """Where each parenthesis closes, by where it opens."""
    opened: list[int] = []
    closes: dict[int, int] = {}
    for place, each in enumerate(found):
        if each == "(":
            opened.append(place)
        elif each == ")" and opened:
            closes[opened.pop()] = place
    return closes


def _surely_older(audience: Audience, since: datetime) -> bool:
    try:
        created = datetime.fromisoformat(str(normalised(audience).get("creationTime")))
    except ValueError:
        return False
    return created.replace(tzinfo=UTC) < since - SURELY_OLDER
