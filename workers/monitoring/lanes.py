"""How does each account stand? Its lane: what waits, what runs, what holds it back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from schemas.instant import write
from workers.dead_letters.summary import moment
from workers.lanes.orders import WHOLE

if TYPE_CHECKING:
    from workers.bootstrap import Service
    from workers.lanes.lanes import Lanes

GROWS_BACK_US = 600_000_000  # as lane.lua has it


def listed(here: Service) -> list[dict[str, Any]]:
    """One object a lane, under the contract's field names: every account configured here, or with work waiting."""
    now: Any = here.redis.time()
    now_us = now[0] * 1_000_000 + now[1]
    lines = []
    for provider, its in sorted(here.lanes.items()):
        active: Any = here.redis.zrange(f"{its.partition}:lanes", 0, -1)
        accounts = {*here.configs[provider].accounts, *(name.decode() for name in active)}
        lines += [_lane(its, account, now_us) for account in sorted(accounts)]
    return lines


def _lane(its: Lanes, account: str, now_us: int) -> dict[str, Any]:
    lane, whole = its.lane(account), its.lane(WHOLE)
    until = max(_number(each.get(name)) for each in (lane, whole) for name in ("paused_until", "held_until"))
    return {
        "provider": its.provider,
        "account": account,
        "waiting": _number(lane.get("waiting")),
        "in_flight": _number(lane.get("in_flight")),
        "limits": [each for each in lane.get("limits_text", "").split(", ") if each],
        "rate_share": _share(lane, now_us),
        "paused_until": write(moment(until)) if until > now_us else None,
        "breaker": _breaker(lane, now_us),
        "oldest_waiting_s": _oldest_s(its, account, now_us),
    }


def _breaker(lane: Mapping[str, str], now_us: int) -> str:
    open_until = _number(lane.get("open_until"))
    if not open_until:
        return "closed"
    return "open" if open_until > now_us else "half_open"


def _share(lane: Mapping[str, str], now_us: int) -> float:
    """Of its limits, how much an adaptive lane that was throttled uses now."""
    grown = (now_us - _number(lane.get("share_at"))) / GROWS_BACK_US
    return round(min(1.0, float(lane.get("share", 1.0)) + grown), 3)


def _oldest_s(its: Lanes, account: str, now_us: int) -> float | None:
    """For how long the first due job has been due; None where none waits."""
    due_us = its.first_due_us(account)
    return None if due_us is None else max(0.0, round((now_us - due_us) / 1e6, 3))


def _number(text: str | None) -> int:
    return int(float(text or 0))
