"""How are numbers and times written for people? Short, and the same on every page."""

from __future__ import annotations

from datetime import UTC, datetime

_STEPS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def span(seconds: float | None) -> str:
    """Like "3 min" or "2 h 5 min"."""
    if seconds is None:
        return "—"
    if seconds < 1:
        return "0 s"
    for place, (size, name) in enumerate(_STEPS):
        if seconds >= size:
            whole, rest = divmod(int(seconds), size)
            finer = _STEPS[place + 1] if name in {"d", "h"} else None
            more = f" {rest // finer[0]} {finer[1]}" if finer and rest // finer[0] else ""
            return f"{whole} {name}{more}"
    return "0 s"


def ago(moment: str | None) -> str:
    """How long ago a moment was, or how far ahead it is. ``moment`` is RFC 3339."""
    if not moment:
        return "—"
    passed = (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds()
    return f"in {span(-passed)}" if passed < -1 else f"{span(passed)} ago"


def clock(moment: str | None) -> str:
    """Like "2026-11-22 03:04:05 UTC"."""
    if not moment:
        return "—"
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def until(moment: str) -> str:
    """When a pause ends. One without an end stands there as the end of the year 9999."""
    return "until it is resumed" if moment.startswith("9999") else f"until {clock(moment)} ({ago(moment)})"


def end(moment: str) -> str:
    """The same in short."""
    return "until it is resumed" if moment.startswith("9999") else ago(moment).replace("in ", "ends in ")


def count(value: int | None) -> str:
    return "—" if value is None else f"{value:,}"


def many(number: int, what: str) -> str:
    """Like "1 request" or "2 requests"."""
    return f"{count(number)} {what}{'' if number == 1 else 's'}"


def share(value: float) -> str:
    return f"{round(value * 100)} %"
