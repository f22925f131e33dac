"""Which jobs are meant? By id, or by a part of it or of what they ask for; those in flight where nothing is said.

There is no index of every job's text, and there may be millions: the search goes through the state store for some
seconds at most, and says if it came to no end. A job's content is there until it has ended.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workers.monitoring.jobs import instant_of
from workers.monitoring.waits import number

if TYPE_CHECKING:
    from workers.bootstrap import Service
    from workers.lanes.lanes import Lanes

MOST = 50
WITHIN_S = 3.0
BATCH = 1000
FIELDS = ("operation", "state", "run", "attempts", "accepted_at", "finished_at")

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """``jobs`` under the contract's field names. Not ``whole``: there may be more."""

    jobs: list[dict[str, Any]]
    whole: bool


def find_jobs(here: Service, text: str, state: str | None, within_s: float = WITHIN_S) -> Found:
    """At most ``MOST`` jobs in a state, or in any."""
    deadline = time.monotonic() + within_s
    jobs: dict[Key, dict[str, Any]] = {}
    for some in _candidates(here, text, state):
        for key, job in _read(here, some):
            if state in {None, job["state"]}:
                jobs.setdefault(key, job)
        if len(jobs) >= MOST or time.monotonic() > deadline:
            return Found(_newest_first(jobs)[:MOST], whole=False)
    return Found(_newest_first(jobs), whole=True)


def _newest_first(jobs: dict[Key, dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(jobs.values(), key=lambda job: job["accepted_at"] or "", reverse=True)


def _candidates(here: Service, text: str, state: str | None) -> Iterator[list[Key]]:
    """Batch by batch; an empty one lets the search look at its time."""
    if not text and state in {None, "handed", "running"}:
        for name in ("running", "handed"):
            for its in here.lanes.values():
                members: Any = here.redis.zrange(f"{its.partition}:{name}", 0, MOST)
                yield [(its.provider, *_split(member)) for member in members]
        return
    if text:
        yield [(its.provider, account, text) for its in here.lanes.values() for account in _accounts(here, its)]
    for its in here.lanes.values():
        yield from _by_id(here, its, text)
    for its in here.lanes.values() if text else ():
        yield from _by_content(here, its, text)


def _by_id(here: Service, its: Lanes, text: str) -> Iterator[list[Key]]:
    prefix, wanted = f"{its.partition}:job:", text.casefold()
    some: list[Key] = []
    for place, key in enumerate(here.redis.scan_iter(f"{prefix}*", BATCH), 1):
        account, id_ = _split(key[len(prefix) :])
        if wanted in id_.casefold():
            some.append((its.provider, account, id_))
        if place % BATCH == 0 or len(some) == MOST:
            yield some
            some = []
    yield some


def _by_content(here: Service, its: Lanes, text: str) -> Iterator[list[Key]]:
    wanted = text.casefold()
    for account in _accounts(here, its):
        some: list[Key] = []
        for place, (id_, body) in enumerate(here.redis.hscan_iter(f"{its.partition}:bodies:{account}", None, BATCH), 1):
            if wanted in body.decode("utf-8", "replace").casefold():
                some.append((its.provider, account, id_.decode()))
            if place % BATCH == 0 or len(some) == MOST:
                yield some
                some = []
        yield some


def _accounts(here: Service, its: Lanes) -> list[str]:
    known: Any = here.redis.smembers(f"{its.partition}:accounts")
    return sorted(name.decode() for name in known)


def _read(here: Service, keys: list[Key]) -> Iterator[tuple[Key, dict[str, Any]]]:
    with here.redis.pipeline(transaction=False) as pipe:
        for provider, account, id_ in keys:
            pipe.hmget(f"{here.lanes[provider].partition}:job:{account}/{id_}", FIELDS)
        read = pipe.execute()
    for key, values in zip(keys, read, strict=True):
        fields = {name: value.decode() for name, value in zip(FIELDS, values, strict=True) if value is not None}
        if "state" in fields:
            yield key, _listed(key, fields)


def _listed(key: Key, fields: dict[str, str]) -> dict[str, Any]:
    provider, account, id_ = key
    return {
        "provider": provider,
        "account": account,
        "id": id_,
        "operation": fields.get("operation"),
        "state": fields["state"],
        "run": number(fields.get("run")),
        "attempts": number(fields.get("attempts")),
        "accepted_at": instant_of(fields.get("accepted_at")),
        "finished_at": instant_of(fields.get("finished_at")),
    }


def _split(member: bytes) -> tuple[str, str]:
    account, _, id_ = member.decode("utf-8", "replace").partition("/")
    return account, id_
