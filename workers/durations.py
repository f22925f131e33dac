"""How is a time span written? Like 90s, 30min, 1h, 2d or 1w."""

from __future__ import annotations

import re

_SPAN = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*(s|sec|m|min|h|d|day|days|w)")
_SECONDS = {
    "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "day": 86400, "days": 86400, "w": 604800,
}  # fmt: skip

_MOST = 1e6  # six digits are read


def seconds(text: str) -> float:
    """A span in seconds. Raises ``ValueError`` with a sentence for what is none."""
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise ValueError("a time is written like 90s, 30min, 1h, 2d or 1w")
    return float(match[1]) * _SECONDS[match[2]]


def written(span_s: float) -> str:
    """The span as ``seconds`` reads it: in whole seconds below eleven days, in minutes above."""
    return f"{span_s:.0f}s" if span_s < _MOST else f"{span_s / 60:.3f}min"
