"""Does the state store keep what it acknowledges? Its version, memory policy, append-only file and clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import redis

from workers.cli.connection import PROMPT_S
from workers.cli.doctor.finding import Finding
from workers.cli.doctor.hint import hint
from workers.cli.endings import OUT_OF_REACH, masked, state_is_out
from workers.redis_address import client_at

if TYPE_CHECKING:
    from workers.bootstrap import Service

OLDEST = (6, 2)
CLOCK_TOLERANCE_S = 2.0

_LOST_WITH = {
    "always": "nothing is lost by a crash of the server",
    "everysec": "a crash of its machine may lose the last second",
    "no": "a crash of its machine loses what the system had not written",
}


def check(here: Service) -> Iterator[Finding]:
    try:
        with client_at(here.endpoints.redis_url, prompt_s=PROMPT_S) as client:
            info: Any = client.info()
            clock = _clock(client)
            fsync = _appendfsync(client)
    except redis.RedisError as error:
        yield Finding("state store", state_is_out(error), hint(str(error)), OUT_OF_REACH)
        return
    yield Finding("state store", f"{masked(here.endpoints.redis_url)} answers")
    yield _version(str(info.get("redis_version", "0")))
    yield _memory(str(info.get("maxmemory_policy", "unknown")))
    yield _append_only(bool(info.get("aof_enabled")), fsync)
    yield clock


def _version(version: str) -> Finding:
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers < OLDEST:
        return Finding("version", f"the state store is Redis {version}", "Use Redis 6.2 or later, or Valkey.")
    return Finding("version", f"compatible with Redis {version}")


def _memory(policy: str) -> Finding:
    if policy != "noeviction":
        return Finding(
            "memory",
            f"maxmemory-policy is {policy}: a full server would forget jobs",
            "Set maxmemory-policy noeviction.",
        )
    return Finding("memory", "maxmemory-policy is noeviction")


def _append_only(on: bool, fsync: str | None) -> Finding:  # noqa: FBT001 - what the server says
    if not on:
        return Finding("append-only file", "it is off: a restart loses every job", "Set appendonly yes.")
    if fsync is None:
        return Finding("append-only file", "on; appendfsync cannot be asked for here")
    return Finding("append-only file", f"on, appendfsync {fsync}: {_LOST_WITH.get(fsync, 'see its manual')}")


def _appendfsync(client: redis.Redis) -> str | None:
    try:
        answer: Any = client.config_get("appendfsync")
    except redis.ResponseError:  # managed servers refuse CONFIG
        return None
    value = answer.get("appendfsync", answer.get(b"appendfsync"))
    return value.decode() if isinstance(value, bytes) else value


def _clock(client: redis.Redis) -> Finding:
    before = time.time()
    seconds, micros = client.time()
    after = time.time()
    theirs = seconds + micros / 1e6
    difference = theirs - (before + after) / 2
    if abs(difference) > CLOCK_TOLERANCE_S + (after - before):
        return Finding(
            "clock",
            f"this machine's clock and the state store's differ by {abs(difference):.1f} s",
            "Set both by NTP: Mintegral's signatures and every time in an event depend on them.",
        )
    return Finding("clock", f"this machine and the state store agree to {abs(difference):.3f} s")
