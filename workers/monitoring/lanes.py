"""How does each account stand? Its lane: what waits, what runs, what holds it back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from schemas.instant import write
from workers.dead_letters.summary import moment
from workers.lanes.orders import WHOLE
from workers.monitoring.waits import holds, number

if TYPE_CHECKING:
    from workers.bootstrap import Service
    from workers.lanes.lanes import Lanes

GROWS_BACK_US = 600_000_000  # as lane.lua has it


def listed(here: Service) -> list[dict[str, Any]]:
    """One object a lane, under the contract's field names: every account configured here, or with work waiting."""
    now_us = _now_us(here)
    lines = []
    for _, its in sorted(here.lanes.items()):
        whole = its.lane(WHOLE)
        lines += [_lane(its, account, its.lane(account), whole, now_us) for account in _accounts(here, its)]
    return lines


def told(here: Service) -> list[dict[str, Any]]:
    """The same with what holds each lane back, and how much of each limit is spent; each provider's whole first."""
    now_us = _now_us(here)
    lines = []
    for _, its in sorted(here.lanes.items()):
        whole = its.lane(WHOLE)
        lines.append(_told(its, WHOLE, whole, {}, now_us))
        lines += [_told(its, account, its.lane(account), whole, now_us) for account in _accounts(here, its)]
    return lines


def told_of(here: Service, provider: str, account: str) -> dict[str, Any]:
    """The same of one lane."""
    its = here.lanes[provider]
    whole = {} if account == WHOLE else its.lane(WHOLE)
    return _told(its, account, its.lane(account), whole, _now_us(here))


def unknown(here: Service, provider: str, account: str) -> str | None:
    """A sentence, where there is no such lane; None where there is."""
    if provider not in here.providers:
        return f"{provider} is not installed; there are {', '.join(sorted(here.providers))}"
    known = here.configs[provider].accounts
    if account == WHOLE or account in known or here.lanes[provider].lane(account):
        return None
    return f"{provider} has no account {account}; there are {', '.join(sorted(known)) or 'none'}"


def _accounts(here: Service, its: Lanes) -> list[str]:
    active: Any = here.redis.zrange(f"{its.partition}:lanes", 0, -1)
    return sorted({*here.configs[its.provider].accounts, *(name.decode() for name in active)})


def _now_us(here: Service) -> int:
    seconds, micros = here.redis.time()
    return int(seconds) * 1_000_000 + int(micros)


def _told(its: Lanes, account: str, lane: Mapping[str, str], whole: Mapping[str, str], now_us: int) -> dict[str, Any]:
    return {
        **_lane(its, account, lane, whole, now_us),
        "spent": [_spent(lane, limit, now_us) for limit in lane.get("limits", "").split()],
        "max_in_flight": number(lane.get("max_in_flight")) or None,
        "holds": [each.listed() for each in holds(lane, whole, now_us)],
    }


def _lane(its: Lanes, account: str, lane: Mapping[str, str], whole: Mapping[str, str], now_us: int) -> dict[str, Any]:
    until = max(number(each.get(name)) for each in (lane, whole) for name in ("paused_until", "held_until"))
    return {
        "provider": its.provider,
        "account": account,
        "waiting": number(lane.get("waiting")),
        "in_flight": number(lane.get("in_flight")),
        "limits": [each for each in lane.get("limits_text", "").split(", ") if each],
        "rate_share": _share(lane, now_us),
        "paused_until": _time(until, now_us),
        "breaker": _breaker(lane, now_us),
        "oldest_waiting_s": _oldest_s(its, account, now_us),
    }


def _spent(lane: Mapping[str, str], limit: str, now_us: int) -> float:
    """Of a limit, how much is spent at this moment, 0 to 1; of one without a burst, whether its permit is.

    Its mean over time is the share of the limit that is used.
    """
    interval, burst = map(int, limit.split(":"))
    ahead_us = number(lane.get(f"permit:{limit}")) - now_us
    return float(ahead_us > 0) if burst == 1 else min(1.0, max(0.0, ahead_us / (burst * interval)))


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


def _oldest_s(its: Lanes, account: str, now_us: int) -> float | None:
    """For how long the first due job has been due; None where none waits."""
    due_us = its.first_due_us(account)
    return None if due_us is None else max(0.0, round((now_us - due_us) / 1e6, 3))
