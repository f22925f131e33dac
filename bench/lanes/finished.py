"""What stays of jobs that have ended? Memory of the worker over many of them, and of Redis for each."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import mkdtemp

import psutil
from real import wait_until

from bench.lanes.figure import Figure, Goal, Line
from bench.lanes.provider import Provider
from bench.lanes.service import EVERYSEC, Service, job

FIRST, JOBS, BLOCK = 10_000, 100_000, 5_000
GROWTH = Goal("at most", 1.05)
GIB = 1 << 30
MIB = 1 << 20


def measure(rounds: int) -> Figure:  # noqa: ARG001 - one round is long enough
    """One worker, which has worked for a while when the first look is taken."""
    with Provider(Path(mkdtemp())) as provider, Service(provider.url, {"acme": ""}, *EVERYSEC) as service:
        service.env["AUDIENCE_RESULTS_STREAM_LENGTH"] = (
            "1000"  # events for readers to come are no part of a job's record
        )
        (worker,) = service.start(1)
        process = psutil.Process(worker.popen.pid)
        _work(service, provider, 1, FIRST)
        before, redis_before = process.memory_info().rss, _redis_bytes(service)
        began = time.monotonic()
        _work(service, provider, FIRST + 1, FIRST + JOBS)
        took_s = time.monotonic() - began
        after, redis_after = process.memory_info().rss, _redis_bytes(service)
    record = (redis_after - redis_before) / JOBS
    return Figure(
        "What stays of jobs that have ended?",
        (
            Line.of(f"memory of a worker, {JOBS:,} jobs later", "ratio", [after / before], GROWTH),
            Line.of(f"memory of a worker after {FIRST:,} jobs", "MiB", [before / MIB]),
            Line.of("Redis' memory of a job that has ended", "bytes", [record]),
            Line.of("jobs that 1 GiB remembers", "jobs", [round(GIB / record)]),
            Line.of("jobs a second meanwhile", "jobs/s", [JOBS / took_s]),
        ),
        (
            f"{JOBS:,} jobs after {FIRST:,} others, through one worker process; the events are taken off the queue. "
            "What stays in Redis of each job that succeeded is its idempotency record, with its event and its history, "
            "for `AUDIENCE_IDEMPOTENCY_DAYS`: jobs that 1 GiB remembers, divided by jobs a day, are its days."
        ),
    )


def _work(service: Service, provider: Provider, first: int, last: int) -> None:
    """These jobs, block by block; nothing of them is left in queues."""
    for start in range(first, last + 1, BLOCK):
        service.submit(job("acme", number) for number in range(start, start + BLOCK))
        wait_until(lambda end=start + BLOCK - 1: service.ended() == end, 300, "the end of a block")  # type: ignore[misc]
        service.redis.delete("audience.results")
        provider.arrivals()  # which forgets them


def _redis_bytes(service: Service) -> int:
    return int(service.redis.info("memory")["used_memory"])
