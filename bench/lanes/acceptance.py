"""How many jobs does a worker take in? From the broker's list to their lanes, by one worker that does nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

import psutil
from real import wait_until

from bench.lanes.cpu import processes_s, redis_s
from bench.lanes.figure import Figure, Goal, Line
from bench.lanes.service import EVERYSEC, Service, job

JOBS = 20_000  # in each round
GOAL = Goal("at least", 3000)


def measure(rounds: int) -> Figure:
    """One deployment. A round begins with its jobs on the list, and ends when all of them wait in their lane."""
    with Service("http://127.0.0.1:1", {"acme": ""}, *EVERYSEC) as service:
        service.env["AUDIENCE_PROVIDERS"] = "none"
        (worker,) = service.start(1)
        process, numbers = psutil.Process(worker.popen.pid), iter(range(1, 10**9))
        _round(service, process, islice(numbers, JOBS // 10))  # warm-up
        measured = [_round(service, process, islice(numbers, JOBS)) for _ in range(rounds)]
    took_s, worker_s, store_s = zip(*measured, strict=True)
    return Figure(
        "How many jobs does a worker take in?",
        (
            Line.of("jobs for each second of the worker's processor time", "jobs", [JOBS / s for s in worker_s], GOAL),
            Line.of("jobs accepted, Redis on another core", "jobs/s", [JOBS / each for each in took_s]),
            Line.of("Redis' processor time of a job", "µs", [each / JOBS * 1e6 for each in store_s]),
        ),
        (
            f"{JOBS:,} jobs a round on the broker's list as bare JSON, one worker process with `--provider none`, one "
            "Valkey (fsync every second) for broker and state: until all of them are validated and wait in their lane."
        ),
    )


def _round(service: Service, process: psutil.Process, numbers: Iterator[int]) -> tuple[float, float, float]:
    """Seconds in all, of the worker's processor time, and of Redis'."""
    bodies = [job("acme", number) for number in numbers]
    before = service.waiting("acme")
    process.suspend()
    service.submit(bodies)
    began, worker_s, store_s = time.monotonic(), processes_s(process.pid), redis_s(service.redis)
    process.resume()
    wait_until(lambda: service.waiting("acme") - before == len(bodies), 120, "every job in its lane")
    return time.monotonic() - began, processes_s(process.pid) - worker_s, redis_s(service.redis) - store_s
