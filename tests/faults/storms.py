"""What happens after every lane was told at once to come back later? Obeyed to the full, and then at the full rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from faults.backlog import Backlog
from faults.limits import Limited

# Of the limit, in so many seconds. A lane of 5/s beside others below its provider's 20/s has some 4/s in the long run:
# both are even, and a request waits for the first moment that both leave free (docs/architecture.md).
FULL, FULL_FOR_S = 0.75, 3.0
CALM_S = 12.0  # after the pause nothing else goes wrong for so long, and a lane with jobs left shows its rate


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
    """Until its first request; None: not within ``CALM_S``."""
    full_rate_s: float | None
    """Until the full rate began; None: not within ``CALM_S``."""


def calm_after(
    requests: Sequence[Mapping[str, Any]],
    backlog: Backlog,
    *,
    began_at: float,
    ended_at: float,
    retry_after_s: float,
    limits: Sequence[Limited],
) -> list[Calm]:
    """Every lane that was refused and had jobs for all the calm, as the ledgers tell. Seconds since the epoch."""
    found = []
    for lane in sorted({limit.who for limit in limits if "/" in limit.who}):
        mine = [each for each in requests if f"{each['provider']}/{each['account']}" == lane]
        refused = [each for each in mine if each["fault"] == "throttled" and began_at <= each["at"] <= ended_at]
        until = max((_answered_at(each) for each in refused), default=0.0) + retry_after_s
        rate = min(limit.count / limit.period_s for limit in limits if limit.who == lane)
        if refused and backlog.of(lane, until) > rate * CALM_S:
            found.append(_calm(lane, refused, [each["at"] for each in mine], until, rate))
    return found


def _answered_at(request: Mapping[str, Any]) -> float:
    return float(request["at"] + request["ended_monotonic"] - request["at_monotonic"])


def _calm(lane: str, refused: Sequence[Mapping[str, Any]], arrivals: list[float], until: float, rate: float) -> Calm:
    first, last = (chosen(each["at"] for each in refused) for chosen in (min, max))
    after = sorted(at for at in arrivals if until <= at < until + CALM_S)
    enough = FULL * rate * FULL_FOR_S
    full = [at for at in after if sum(at <= other < at + FULL_FOR_S for other in after) >= enough]
    return Calm(
        lane,
        throttled=len(refused),
        early=sum(last < at < until for at in arrivals),
        stragglers_s=last - first,
        first_s=after[0] - until if after else None,
        full_rate_s=full[0] - until if full else None,
    )
