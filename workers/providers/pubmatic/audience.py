"""What does PubMatic say about an audience? Its object, with one type for each field.

Types vary from sample to sample (Audience API page, v34/v35): dataProviderId is 383 and "383", price "1.0"
and 12344, audienceGroupId "1" and 1, favourite "FALSE", dates "2013-07-17 14:02:17" and "Sep 14, 2017".
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from typing import Any

_FLAGS = ("enabled", "private", "enabledForAIMTag")
_IDS = (
    "id",
    "accountId",
    "accountTypeId",
    "parentAudienceId",
    "dataProviderId",
    "audienceGroupId",
    "dataTypeId",
)
_TEXT = frozenset(("providerAudienceId", "clientId", "transferCode"))
_DATES = (("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"), ("%b %d, %Y", "%Y-%m-%d"))
_COMPARED = ("name", "description", "definition", "price", "transferCode", *_FLAGS)


def audience_id(audience: Any) -> str | None:
    """The id of an audience object; None where there is no positive whole number."""
    value = audience.get("id") if isinstance(audience, dict) else None
    whole = int(value) if isinstance(value, int | str) and re.fullmatch("[0-9]{1,30}", str(value)) else 0
    return str(whole) if whole > 0 else None


def result(audience: Mapping[str, Any], *, already_existed: bool) -> dict[str, Any]:
    """The event's result for one audience that has an id."""
    shown = normalised(audience)
    return {"audience_id": str(shown["id"]), "already_existed": already_existed, "audience": shown}


def normalised(audience: Mapping[str, Any]) -> dict[str, Any]:
    """The audience with each field in its one type; what cannot be read as that type stays as it is."""
    return {name: _value(name, value) for name, value in audience.items()}


def differences(requested: Mapping[str, Any], audience: Mapping[str, Any]) -> tuple[str, ...]:
    """A sentence for each field that the provider holds otherwise than requested.

    Never the account: a response names another account type than the request (page v34/v35). Never the
    definition of a complex audience: PubMatic writes that itself.
    """
    ours, theirs = normalised(requested), normalised(audience)
    compared = [name for name in _COMPARED if not (name == "definition" and "queryInfix" in requested)]
    return tuple(
        f"{name} is {theirs[name]!r} at the provider; {ours[name]!r} was requested"
        for name in compared
        if name in ours and theirs.get(name) is not None and ours[name] != theirs[name]
    )


def shows(requested: Mapping[str, Any], audience: Mapping[str, Any]) -> bool:
    """Whether the audience has every requested field as requested. An empty text may be shown as none."""
    ours, theirs = normalised(requested), normalised(audience)
    return all(ours[name] == theirs.get(name) or (ours[name] == "" and theirs.get(name) is None) for name in ours)


def _value(name: str, value: Any) -> Any:
    if name in _IDS or name in _FLAGS:
        digits = isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,30}", value)
        return int(value) if digits or (name in _FLAGS and isinstance(value, bool)) else value
    if name in _TEXT:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if name == "price" and isinstance(value, str):
        return _price(value)
    if name == "favourite" and isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower(), value)
    if name in ("creationTime", "modificationTime") and isinstance(value, str):
        return _date(value)
    return value


def _price(text: str) -> float | str:
    try:
        price = float(text)
    except ValueError:
        return text
    return price if math.isfinite(price) else text


def _date(text: str) -> str:
    """ISO 8601 without an offset: PubMatic names no time zone."""
    for form, iso in _DATES:
        try:
            return time.strftime(iso, time.strptime(text.strip(), form))
        except ValueError:
            continue
    return text
