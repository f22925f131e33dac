"""How fast are dead letters replayed? At a rate like 5/s or 100/min."""

from __future__ import annotations

from pydantic import ValidationError

from workers.config import Limit

RATE = "10/s"  # slow enough to be stopped by hand when it was the wrong filter


def interval_s(rate: str) -> float:
    """The time between two. Raises ``ValueError`` with a sentence for what is no rate."""
    try:
        limit = Limit.model_validate(rate)
    except ValidationError:
        raise ValueError("a rate is written like 5/s, 100/min or 1000/h") from None
    return limit.period_s / limit.count
