"""What can be set, and what is set? Every variable with its value, its default, its unit and its reason."""

from __future__ import annotations

from typing import Any

from workers.cli.endings import masked
from workers.cli.output import Json, say_json, say_table
from workers.settings import Settings, read_settings

_UNITS = {"_s": "seconds", "_days": "days", "_length": "events", "_bytes": "bytes"}


def settings(*, as_json: Json = False) -> None:
    """Every AUDIENCE_ variable. Credentials in a URL are not shown; no other variable holds any."""
    lines = list(listed(read_settings()))
    if as_json:
        for line in lines:
            say_json(line)
    else:
        columns = ("name", "value", "default", "unit", "reason")
        say_table(columns, ([line[name] for name in columns] for line in lines))


def listed(current: Settings) -> list[dict[str, Any]]:
    """One object a variable."""
    return [
        {
            "name": f"AUDIENCE_{name.upper()}",
            "value": _shown(getattr(current, name)),
            "default": _shown(field.get_default(call_default_factory=True, validated_data={})),
            "set": name in current.model_fields_set,
            "unit": next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), None),
            "reason": field.description,
        }
        for name, field in Settings.model_fields.items()
    ]


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    return masked(str(value))
