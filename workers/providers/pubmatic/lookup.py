"""Is the audience that a create asked for there? PubMatic's natural keys, held against its list."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from workers.http import Call
from workers.providers.provider import Absent, CannotTell, Found, Look
from workers.providers.pubmatic.audience import audience_id, differences, normalised, result
from workers.providers.pubmatic.pages import NotWhole, read_all
from workers.providers.pubmatic.request import ACCOUNT_FIELDS, params_of

Audience = Mapping[str, Any]

SURELY_OLDER = timedelta(hours=15)
"""creationTime names no time zone: read as UTC it is at most 14 hours early or 12 late, and clocks differ a little."""


def look_up(requested: Audience, call: Call, since: datetime | None) -> Look:
    """Look for the audience of a create's body."""
    if "queryInfix" in requested:
        filters, is_it = {"name": requested["name"]}, _same_rule
    else:
        filters, is_it = {"providerAudienceId": requested["providerAudienceId"]}, _same_identity
    account = {name: requested[name] for name in ACCOUNT_FIELDS if name in requested}
    listing = read_all(call, params_of(account | filters))
    if isinstance(listing, NotWhole):
        return CannotTell(listing.why)
    return _tell(requested, [each for each in listing.audiences if is_it(requested, each)], since)


def _tell(requested: Audience, matching: list[dict[str, Any]], since: datetime | None) -> Look:
    if "queryInfix" in requested:
        named = [each for each in matching if each.get("name") == requested["name"]]
        if matching and not named and any(not _surely_older(each, since) for each in matching):
            return CannotTell("an audience of the same queryInfix has another name")
        matching = named
    if len(matching) > 1:
        return CannotTell(f"{len(matching)} audiences match the request")
    if not matching:
        return Absent()
    (audience,) = matching
    if audience_id(audience) is None:
        return CannotTell("the audience that matches has no id")
    existed = since is None or _surely_older(audience, since)
    return Found(result(audience, already_existed=existed), differences(requested, audience))


def _same_identity(requested: Audience, audience: Audience) -> bool:
    """That dataProviderId and providerAudienceId make a simple audience is inferred, not documented."""
    names = ("dataProviderId", "providerAudienceId")
    return all(str(requested[name]) == str(audience.get(name)) for name in names)


def _same_rule(requested: Audience, audience: Audience) -> bool:
    return tokens(requested["queryInfix"]) == tokens(str(audience.get("queryInfix", "")))


def tokens(query_infix: str) -> list[str]:
    """The rule without what its notation adds: "(,383:7,)" and "(383:7)" are one (page v34/v35 has both)."""
    found = re.findall(r"[()]|[^\s,()]+", query_infix)
    while found[:1] == ["("] and _closing(found) == len(found) - 1:
        found = found[1:-1]
    return found


def _closing(found: list[str]) -> int | None:
    """Where the first parenthesis closes."""
    depth = 0
    for place, token in enumerate(found):
        depth += (token == "(") - (token == ")")
        if depth == 0:
            return place
    return None


def _surely_older(audience: Audience, since: datetime | None) -> bool:
    ...
