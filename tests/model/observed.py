"""What stands in Redis, and which states is that? Read from the keys, by nobody's model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import redis

from workers.lanes.lanes import AHEAD_S, HANDED_AHEAD_S

ACCOUNTS = ("acme", "globex")
WHOLE = "*"
JOBS = (*(("acme", name) for name in "abcdef"), ("globex", "a"), ("globex", "b"))
"""Every job there can be; few, so that they meet."""

PRIORITIES = (0, 5, 9)
"""Every priority that they can have."""

OPERATIONS = ("create", "list")
ROWS = tuple(f"{priority}/{operation}" for priority in PRIORITIES for operation in OPERATIONS)

AHEAD_US = round(AHEAD_S * 1e6)
HANDED_AHEAD_US = round(HANDED_AHEAD_S * 1e6)

Fields = dict[str, str]
Scores = dict[str, int]


@dataclass(frozen=True)
class Seen:
    """All that the scripts keep of one partition, but the order of the lanes."""

    jobs: dict[tuple[str, str], Fields]
    lanes: dict[str, Fields]
    waiting: dict[str, dict[tuple[int, str], int]]  # by account: (priority, id) → due
    handed: Scores
    running: Scores
    ends: Scores
    turns: Scores  # when the dispatcher looks at each lane
    bodies: set[str]
    dead: dict[str, Fields]
    outbox: list[str]


def see(client: redis.Redis, partition: str) -> Seen:
    """Read it all at once."""
    pipe = client.pipeline(transaction=False)
    for account, name in JOBS:
        pipe.hgetall(f"{partition}:job:{account}/{name}")
    for account in (*ACCOUNTS, WHOLE):
        pipe.hgetall(f"{partition}:lane:{account}")
    for account in ACCOUNTS:
        pipe.smembers(f"{partition}:lane:{account}:rows")
        for row in ROWS:
            pipe.zrange(f"{partition}:lane:{account}:waiting:{row}", 0, -1, withscores=True)
    for name in ("handed", "running", "ends", "lanes", "dead"):
        pipe.zrange(f"{partition}:{name}", 0, -1, withscores=True)
    for account in ACCOUNTS:
        pipe.hkeys(f"{partition}:bodies:{account}")
    pipe.xrange(f"{partition}:outbox")
    answers = iter(pipe.execute())
    jobs = {key: _text(next(answers)) for key in JOBS}
    lanes = {account: _text(next(answers)) for account in (*ACCOUNTS, WHOLE)}
    waiting = {account: _waiting(answers) for account in ACCOUNTS}
    handed, running, ends, turns, dead = (_scores(next(answers)) for _ in range(5))
    letters = {name: _letter(client, f"{partition}:dead:{name}") for name in dead}
    bodies = {f"{account}/{id_.decode()}" for account in ACCOUNTS for id_ in next(answers)}
    outbox = [fields[b"event"].decode() for _, fields in next(answers)]
    return Seen(jobs, lanes, waiting, handed, running, ends, turns, bodies, letters, outbox)


def states(seen: Seen, now: int, known: set[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], str]]:
    """The state of every machine at a time: (machine, whose), state. ``known``: jobs that were accepted before."""
    for key, job in seen.jobs.items():
        yield ("job", "/".join(key)), job.get("state", "gone" if key in known else "[*]")
    for account, lane in seen.lanes.items():
        yield ("operator", account), "held" if _number(lane, "held_until") > now else "free"
        yield ("provider", account), "paused" if _number(lane, "paused_until") > now else "unpaused"
        cap, in_flight = _number(lane, "max_in_flight"), _number(lane, "in_flight")
        yield ("room", account), "full" if 0 < cap <= in_flight else "room"
        yield ("rate", account), "limited" if _next_permit(lane) > now + HANDED_AHEAD_US else "in_time"
        yield ("breaker", account), _breaker(seen, account, now)


def _breaker(seen: Seen, account: str, now: int) -> str:
    lane = seen.lanes[account]
    if "open_until" not in lane:
        return "closed"
    if _number(lane, "open_until") > now:
        return "open"
    leased = (seen.jobs[key] for key in JOBS if key[0] == account and "/".join(key) in {**seen.handed, **seen.running})
    return "probing" if any(job["probe"] == "1" for job in leased) else "half_open"


def _next_permit(lane: Fields) -> int:
    """When one more job may be handed out under the lane's own limits."""
    moments = [0]
    for limit in lane.get("limits", "").split():
        interval, burst = map(int, limit.split(":"))
        tolerance = (burst - 1) * interval
        fresh = _number(lane, "last_permit") + interval
        moments += [_number(lane, f"pace:{limit}") - tolerance]
        moments += [max(_number(lane, f"permit:{limit}"), fresh) - tolerance]
    return max(moments)


def _waiting(answers: Iterator[Any]) -> dict[tuple[int, str], int]:
    found = {}
    rows = {row.decode() for row in next(answers)}
    for row in ROWS:
        entries = next(answers)
        assert bool(entries) == (row in rows), "a row is listed while a job stands in it"
        for entry, due in entries:
            found[int(row[0]), entry.decode().partition(":")[2]] = int(due)
    return found


def _number(fields: Fields, name: str) -> int:
    return int(float(fields.get(name, "0")))


def _letter(client: redis.Redis, key: str) -> Fields:
    fields: Any = client.hgetall(key)
    return _text(fields)


def _text(fields: dict[bytes, bytes]) -> Fields:
    return {name.decode(): value.decode() for name, value in fields.items()}


def _scores(pairs: list[tuple[bytes, float]]) -> Scores:
    return {member.decode(): int(score) for member, score in pairs}
