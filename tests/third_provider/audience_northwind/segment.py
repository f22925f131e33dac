"""What does Northwind say about an audience? A segment, with an id such as "sg-81"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard


def is_segment(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether it is an object with an id; nothing else about it is sure."""
    return isinstance(value, dict) and isinstance(value.get("id"), str) and value["id"] != ""


def result(segment: dict[str, Any], *, already_existed: bool) -> dict[str, Any]:
    """The event's result for one audience."""
    return {"audience_id": segment["id"], "already_existed": already_existed, "audience": segment}


def differences(requested: Mapping[str, Any], segment: Mapping[str, Any]) -> tuple[str, ...]:
    """A sentence for each field that Northwind holds otherwise than requested."""
    return tuple(
        f"{name} is {segment[name]!r} at the provider; {value!r} was requested"
        for name, value in requested.items()
        if name in segment and segment[name] != value
    )
