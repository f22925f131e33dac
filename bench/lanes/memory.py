"""How much memory does a waiting job take, beyond its JSON? A million of them, on every server that is installed."""

from __future__ import annotations

import json
import uuid
from typing import Any

from real import RedisServer, binaries

from bench.lanes.backlog import Waiting, fill
from bench.lanes.figure import Figure, Goal, Line

JOBS = 1_000_000
GOAL = Goal("at most", 700)
NO_LOG = ("--appendonly", "no")  # the append-only file takes no memory, but its buffers would be counted


def measure(rounds: int) -> Figure:  # noqa: ARG001 - memory repeats itself to the byte
    """One filling of each server."""
    lines = []
    for name, binary in binaries():
        server = RedisServer(binary, *NO_LOG)
        try:
            version, bytes_each = _beyond_json(server)
        finally:
            server.close()
        lines.append(Line.of(f"{name} {version}: memory of a waiting job beyond its JSON", "bytes", [bytes_each], GOAL))
    return Figure(
        "How much memory does a waiting job take, beyond its JSON?",
        tuple(lines),
        (
            f"{JOBS:,} jobs of one lane, ids of 36 characters, {len(_body('0' * 36))} bytes of JSON each: the growth "
            "of used_memory over their number, less the JSON."
        ),
    )


def _beyond_json(server: RedisServer) -> tuple[str, float]:
    with server.client() as client:
        fill(client, [_job()])  # the scripts, the lane
        before: Any = client.info()
        fill(client, (_job() for _ in range(JOBS)), "create_audience")
        after: Any = client.info()
        version = after.get("valkey_version", after["redis_version"])
        return version, (after["used_memory"] - before["used_memory"]) / JOBS - len(_body("0" * 36))


def _job() -> Waiting:
    name = str(uuid.uuid4())
    return Waiting("acme", name, _body(name))


def _body(name: str) -> bytes:
    payload = {
        "accountType": "PUBLISHER",
        "accountId": 27332341,
        "name": "Sports fans, autumn",
        "dataProviderId": "383",
        "providerAudienceId": "segment-000001",
        "description": "Readers of the sports pages in the last 30 days",
    }
    fields = {"id": name, "provider": "pubmatic", "account": "acme", "operation": "create_audience", "payload": payload}
    return json.dumps(fields).encode()
