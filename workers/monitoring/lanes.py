"""How does each account stand? Its lane: what waits, what runs, what holds it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from schemas.instant import write
from workers.lanes.clock import moment
from workers.lanes.look import Lane, Seen, look
from workers.lanes.orders import WHOLE
from workers.monitoring.waits import holds, number

if TYPE_CHECKING:
    from workers.bootstrap import Service

GROWS_BACK_US = 600_000_000  # as lane.lua has it


def listed(here: Service) -> list[dict[str, Any]]:
    """One object a lane, under the contract's field names: every account configured here, or with work waiting."""
    return [_lane(provider, lane, seen) for provider, seen in _looks(here) for lane in _sorted(seen)]


def told(here: Service) -> list[dict[str, Any]]:
    """The same with what holds each lane back, and how much of each limit is spent; each provider's whole first."""
    return [_told(provider, lane, seen) for provider, seen in _looks(here) for lane in (_whole(seen), *_sorted(seen))]


def told_of(here: Service, provider: str, account: str) -> dict[str, Any]:
    """The same of one lane."""
    seen = look(here.redis, provider, [account])
    return _told(provider, next(lane for lane in (_whole(seen), *seen.lanes) if lane.account == account), seen)


def spent(lane: Mapping[str, str], limit: str, now_us: int) -> float:
    """Of a limit, how much is spent at this moment, 0 to 1; of one without a burst, whether its permit is.

    Its mean over time is the share of the limit that is used.
    """
    interval, burst = map(int, limit.split(":"))
    ahead_us = number(lane.get(f"permit:{limit}")) - now_us
    return float(ahead_us > 0) if burst == 1 else min(1.0, max(0.0, ahead_us / (burst * interval)))


def unknown(here: Service, provider: str, account: str) -> str | None:
    """A sentence, where there is no such lane; None where there is."""
    if provider not in here.providers:
        return f"{provider} is not installed; there are {', '.join(sorted(here.providers))}"
    known = here.configs[provider].accounts
    if account == WHOLE or account in known or here.lanes[provider].lane(account):
        return None
    return f"{provider} has no account {account}; there are {', '.join(sorted(known)) or 'none'}"


def _looks(here: Service) -> Iterator[tuple[str, Seen]]:
    for provider in sorted(here.lanes):
        yield provider, look(here.redis, provider, here.configs[provider].accounts)


def _sorted(seen: Seen) -> list[Lane]:
    return sorted(seen.lanes, key=lambda lane: lane.account)


def _whole(seen: Seen) -> Lane:
    """The provider as a whole, in which nothing waits by itself."""
    return Lane(WHOLE, seen.whole, None)


def _told(provider: str, lane: Lane, seen: Seen) -> dict[str, Any]:
    fields, whole = lane.fields, {} if lane.account == WHOLE else seen.whole
    return {
        **_lane(provider, lane, seen),
        "spent": [spent(fields, limit, seen.now_us) for limit in fields.get("limits", "").split()],
        "max_in_flight": number(fields.get("max_in_flight")) or None,
        "holds": [each.listed() for each in holds(fields, whole, seen.now_us)],
    }


def _lane(provider: str, lane: Lane, seen: Seen) -> dict[str, Any]:
    fields, now_us = lane.fields, seen.now_us
    until = max(number(each.get(name)) for each in (fields, seen.whole) for name in ("paused_until", "held_until"))
    return {
        "provider": provider,
        "account": lane.account,
        "waiting": number(fields.get("waiting")),
        "in_flight": number(fields.get("in_flight")),
        "limits": [each for each in fields.get("limits_text", "").split(", ") if each],
        "rate_share": _share(fields, now_us),
        "paused_until": _time(until, now_us),
        "breaker": _breaker(fields, now_us),
        "oldest_waiting_s": _oldest_s(lane, now_us),
    }


def _time(at_us: int, now_us: int) -> str | None:
    return write(moment(at_us)) if at_us > now_us else None


def _breaker(lane: Mapping[str, str], now_us: int) -> str:
    open_until = number(lane.get("open_until"))
    if not open_until:
        return "closed"
    return "open" if open_until > now_us else "half_open"


def _share(lane: Mapping[str, str], now_us: int) -> float:
    """Of its limits, how much an adaptive lane that was throttled uses now."""
    grown = (now_us - number(lane.get("share_at"))) / GROWS_BACK_US
    return round(min(1.0, float(lane.get("share", 1.0)) + grown), 3)


def _oldest_s(lane: Lane, now_us: int) -> float | None:
    """For how long the first due job has been due; None where none waits."""
    return None if lane.first_due_us is None else max(0.0, round((now_us - lane.first_due_us) / 1e6, 3))
