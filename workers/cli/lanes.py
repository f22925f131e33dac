"""How does each account stand? Its lane: what waits, what runs, what holds it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schemas.instant import write
from workers.cli.connection import connected
from workers.cli.output import Json, note, say_json, say_table
from workers.dead_letters.summary import moment

if TYPE_CHECKING:
    from workers.bootstrap import Service
    from workers.lanes.lanes import Lanes

COLUMNS = ("provider", "account", "waiting", "in_flight", "limits", "paused_until", "breaker", "oldest_waiting_s")


def lanes(*, as_json: Json = False) -> None:
    """Every account's lane: waiting, in flight, limits, paused until, oldest waiting.

    oldest_waiting_s counts from when a job was due: one for later does not wait yet.
    """
    lines = listed(connected())
    if as_json:
        for line in lines:
            say_json(line)
    elif lines:
        say_table(COLUMNS, ([_cell(line[name]) for name in COLUMNS] for line in lines))
    else:
        note("There is no account: name some in the file that AUDIENCE_CONFIG names.")


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
    lane = its.lane(account)
    until = max(_number(lane.get("paused_until")), _number(its.lane("*").get("paused_until")))
    return {
        "provider": its.provider,
        "account": account,
        "waiting": _number(lane.get("waiting")),
        "in_flight": _number(lane.get("in_flight")),
        "limits": [each for each in lane.get("limits_text", "").split(", ") if each],
        "paused_until": write(moment(until)) if until > now_us else None,
        "breaker": lane.get("breaker", "closed"),
        "oldest_waiting_s": _oldest_s(its, account, now_us),
    }


def _oldest_s(its: Lanes, account: str, now_us: int) -> float | None:
    """For how long the first due job has been due; None where none waits."""
    with its.client.pipeline(transaction=False) as pipe:
        for priority in range(10):
            pipe.zrange(f"{its.partition}:lane:{account}:waiting:{priority}", 0, 0, withscores=True)
        heads = [score for entries in pipe.execute() for _, score in entries]
    return max(0.0, round((now_us - min(heads)) / 1e6, 3)) if heads else None


def _number(text: str | None) -> int:
    return int(float(text or 0))


def _cell(value: object) -> object:
    return ", ".join(value) if isinstance(value, list) else value
