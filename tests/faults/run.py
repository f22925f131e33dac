"""What does one run do, top to bottom? Set the stage, send, inflict, wait until all is quiet, compare the ledgers."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from real import wait_until

from faults.backlog import Backlog
from faults.door import windows_over
from faults.inflict import STORM_RETRY_AFTER_S, Inflicted, Inflictor
from faults.limits import LIMITS
from faults.orders import orders
from faults.producer import Sender
from faults.received import Stream, queued
from faults.reconcile import reconcile
from faults.result import Result
from faults.schedule import Kind, Size, planned
from faults.stage import Stage
from faults.storms import Calm, calm_after

TOLERANCE_S = 0.02  # the contract's, at a window's edge
EACH_S = 5.0
SENDING = 0.45  # of the time in which things go wrong: lanes are full then, and limits and storms are felt
_TELLING = ["state", "due", "attempts", "look", "rescues", "finished_at"]
_PARTITIONS = ("pubmatic", "mintegral", "rejected")

Say = Callable[[str], None]


@dataclass(frozen=True)
class _Parts:
    """What takes part in one run."""

    stage: Stage
    sender: Sender
    inflictor: Inflictor
    began_at: float


def run(folder: Path, broker: str, seed: int, size: Size, say: Say = lambda _line: None) -> Result:
    """One run. Raises ``AssertionError`` with what is stuck where it does not come to its end in time."""
    say(f"setting the stage: {broker}, {size.workers} workers")
    with ExitStack() as to_close:
        stage = Stage(folder, broker, seed)
        to_close.callback(stage.close)
        stage.start_workers(size.workers)
        sender = Sender(stage.broker.url, orders(seed, size.jobs, size.malformed), size.plan_s * SENDING)
        sender.start()
        to_close.callback(sender.close)
        inflictor = Inflictor(stage, planned(seed, size), seed)
        to_close.callback(inflictor.close)
        client = to_close.enter_context(stage.state.client())
        stream, parts = Stream(client), _Parts(stage, sender, inflictor, time.time())
        _watch(parts, stream, say)
        _settle(client, stream, sender, size.settle_s)
        return _result(parts, stream, seed, size)


def _watch(parts: _Parts, stream: Stream, say: Say) -> None:
    """Until every fault is over and every order confirmed."""
    while not parts.inflictor.ended(EACH_S):
        say(f"{time.time() - parts.began_at:.0f} s: {len(stream.look())} events, {len(parts.inflictor.done)} faults")
    parts.sender.join()


def _settle(client: redis.Redis, stream: Stream, sender: Sender, patience_s: float) -> None:
    """Until every lane is empty. Raises what is stuck where no event comes for so long."""
    asked = {each.order.event_id for each in sender.confirmed}

    def ended() -> bool:
        return asked <= stream.look() and not _left(client)

    while not ended():
        seen = len(stream.ids)
        try:
            wait_until(lambda seen=seen: ended() or len(stream.ids) > seen, patience_s)  # type: ignore[misc]
        except AssertionError:
            raise AssertionError(_stuck(client, sorted(asked - stream.ids), patience_s)) from None


def _stuck(client: redis.Redis, missing: list[str], patience_s: float) -> str:
    jobs = {each: _shown(client, each) for each in missing[:5]}
    return f"{len(missing)} events are missing, and for {patience_s} s none came; {_left(client)}; {jobs}"


def _left(client: redis.Redis) -> dict[str, Any]:
    """What lanes and outboxes still hold."""
    left = {}
    for name in _PARTITIONS:
        lane: Any = client.hmget(f"audience:{{{name}}}:lane:*", "waiting", "in_flight")
        left[name] = {
            "waiting": int(lane[0] or 0),
            "in_flight": int(lane[1] or 0),
            "outbox": int(client.xlen(f"audience:{{{name}}}:outbox")),
        }
    return {name: held for name, held in left.items() if any(held.values())}


def _shown(client: redis.Redis, event_id: str) -> Any:
    provider, _, name = event_id.partition("/")
    fields: Any = client.hmget(f"audience:{{{provider}}}:job:{name.rpartition('/')[0]}", _TELLING)
    return dict(zip(_TELLING, fields, strict=True))


def _result(parts: _Parts, stream: Stream, seed: int, size: Size) -> Result:
    stage, ended_at = parts.stage, time.time()
    for number in range(len(stage.workers)):
        stage.note_if_ended(number)
    ledger: list[dict[str, Any]] = stage.sandbox.ledger()["entries"]
    asked = [each.order for each in parts.sender.confirmed]
    left = {limit: stage.door.of(limit.who) for limit in LIMITS}
    return Result(
        seed=seed,
        size=size,
        began_at=parts.began_at,
        ended_at=ended_at,
        load=os.getloadavg(),
        versions=stage.versions(),
        inflicted=sorted(parts.inflictor.done, key=lambda each: each.began_at),
        confirmed=parts.sender.confirmed,
        unconfirmed_tries=parts.sender.repeated,
        answered=stream.received,
        findings=reconcile(asked, ledger, [each.event for each in queued(stage.broker.url)]),
        stream=reconcile(asked, ledger, [each.event for each in stream.received]),
        requests=len(ledger),
        left={limit: len(times) for limit, times in left.items()},
        over={each: windows_over(times, each.count, each.period_s - TOLERANCE_S) for each, times in left.items()},
        refused_as_too_many=sum(each["fault"] == "rate_limit" for each in ledger),
        storms=_storms(parts.inflictor.done, ledger, Backlog(parts.sender.confirmed, stream.received)),
        workers_lost=stage.ended_by_themselves,
    )


def _storms(inflicted: list[Inflicted], ledger: list[dict[str, Any]], backlog: Backlog) -> list[Calm]:
    return [
        calm
        for each in inflicted
        if each.fault.kind is Kind.STORM
        for calm in calm_after(
            ledger,
            backlog,
            began_at=each.began_at,
            ended_at=each.ended_at + 1,
            retry_after_s=STORM_RETRY_AFTER_S,
            limits=LIMITS,
        )
    ]
