"""What does Mintegral say about an audience? A row of its list, with one type for each field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_WHOLE = frozenset(("ta_id", "platform", "ta_type", "area_type", "ctime", "utime"))


def ta_id(data: Any) -> int | None:
    """The id in ``data``; None where there is no positive whole number."""
    value = whole(data.get("ta_id")) if isinstance(data, dict) else None
    return value if value is not None and value > 0 else None


def whole(value: Any) -> int | None:
    """A number, or a text of digits, as a whole number; None where it is none."""
    digits = (
        re.fullmatch(r"\s*(-?[0-9]{1,30})(?:\.0)?\s*", str(value)) if isinstance(value, int | float | str) else None
    )
    return int(digits[1]) if digits else None


def normalised(audience: Mapping[str, Any]) -> dict[str, Any]:
    """The audience with numbers as numbers, and ``device_type`` as a list of them; List writes it "2,8,9"."""
    return {name: _value(name, value) for name, value in audience.items()}


def result(audience: Mapping[str, Any], known_id: int, *, already_existed: bool) -> dict[str, Any]:
    """The event's result for one audience."""
    shown = normalised(audience) | {"ta_id": known_id}
    return {"audience_id": str(known_id), "already_existed": already_existed, "audience": shown}


def _value(name: str, value: Any) -> Any:
    if name in _WHOLE:
        number = whole(value)
        return value if number is None else number
    if (
        name == "device_type"
        and isinstance(value, int | str)
        and re.fullmatch(r"[0-9 ]{1,9}(?:,[0-9 ]{1,9})*", str(value))
    ):
        return [int(each) for each in str(value).split(",") if each.strip()]
    return value
