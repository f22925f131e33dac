"""What happens after every lane was told at once to come back later? Obeyed to the full, and then at the full rate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from faults.limits import Limited

FULL = 0.9  # of the limit, in one whole second
ENOUGH_S = 5.0  # a lane that goes on for so long has jobs enough to show its rate


@dataclass(frozen=True, slots=True)
class Calm:
    """One lane after one storm. Seconds, from the end of the last 429's Retry-After."""

    lane: str
    throttled: int
    early: int
    """Requests before that end."""
    stragglers_s: float
    """From the lane's first 429 to its last: requests that had been let go before the pause."""
    first_s: float | None
    """Until its first request; None: no job was left."""
    full_rate_s: float | None
    """Until a whole second at the full rate began; None: too few jobs were left to tell."""


def calm_after(
    requests: Sequence[Mapping[str, Any]],
    began_at: float,
    ended_at: float,
    retry_after_s: float,
    limits: Sequence[Limited],
) -> list[Calm]:
    """Every lane that was refused and had jobs left, as the sandbox's ledger tells. Seconds since the epoch."""
    found = []
    for lane in sorted({limit.who for limit in limits if "/" in limit.who}):
        mine = [each for each in requests if f"{each['provider']}/{each['account']}" == lane]
        refused = [each for each in mine if each["fault"] == "throttled" and began_at <= each["at"] <= ended_at]
        if refused:
            rate = min(limit.count / limit.period_s for limit in limits if limit.who == lane)
            found.append(_calm(lane, refused, [each["at"] for each in mine], retry_after_s, rate))
    return found


def _calm(
    lane: str, refused: Sequence[Mapping[str, Any]], arrivals: Iterable[float], retry_after_s: float, rate: float
) -> Calm:
    last = max(each["at"] + each["ended_monotonic"] - each["at_monotonic"] for each in refused)
    until = last + retry_after_s
    later = sorted(at for at in arrivals if at > max(each["at"] for each in refused))
    after = [at for at in later if at >= until]
    enough = bool(after) and after[-1] > until + ENOUGH_S
    full = [at for at in after if sum(at <= other < at + 1 for other in after) >= FULL * rate]
    return Calm(
        lane,
        throttled=len(refused),
        early=len(later) - len(after),
        stragglers_s=max(each["at"] for each in refused) - min(each["at"] for each in refused),
        first_s=after[0] - until if after else None,
        full_rate_s=full[0] - until if enough and full else None,
    )
