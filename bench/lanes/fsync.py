"""What does appendfsync always cost, against everysec? Jobs accepted a second, and whole jobs a second."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, mkdtemp

from real import wait_until

from bench.lanes.figure import Figure, Line
from bench.lanes.provider import Provider
from bench.lanes.service import ALWAYS, EVERYSEC, Service, job

JOBS = 600  # in each block
ACCOUNTS = {"acme": "max_in_flight = 64"}


def measure(rounds: int) -> Figure:
    """Two deployments stand side by side and are measured in turns."""
    with (
        Provider(Path(mkdtemp())) as provider,
        Service(provider.url, ACCOUNTS, *EVERYSEC) as everysec,
        Service(provider.url, ACCOUNTS, *ALWAYS) as always,
    ):
        sides = (everysec, always)
        for side in sides:
            side.start(1)
        numbers = iter(range(1, 10**9))
        for side in sides:  # warm-up
            _whole(side, numbers)
        accepted = [[_accepted(side, numbers) for side in sides] for _ in range(rounds)]
        whole = [[_whole(side, numbers) for side in sides] for _ in range(rounds)]
    lines = []
    for what, rates in (("jobs accepted", accepted), ("whole jobs", whole)):
        lines += [
            Line.of(f"{what}: always / everysec", "ratio", [always / everysec for everysec, always in rates]),
            Line.of(f"{what} with everysec", "jobs/s", [each for each, _ in rates]),
            Line.of(f"{what} with always", "jobs/s", [each for _, each in rates]),
        ]
    return Figure(
        "What does appendfsync always cost, against everysec?",
        (*lines, Line.of("one write of 4 KiB and fsync on this disk", "ms", [_fsync_ms() for _ in range(rounds)])),
        (
            f"{JOBS} jobs a block, put on the broker's list at once; one worker process and one Valkey on each side, "
            "broker and state in one, no limit. Accepted: until all wait in their lane, which is paused. Whole: until "
            "all have ended, request included. What each may lose stands in docs/architecture.md."
        ),
    )


def _accepted(side: Service, numbers: Iterator[int]) -> float:
    side.orders.pause("acme", None, "to count what is accepted")
    rate = _rate(side, numbers, lambda: side.waiting("acme") == JOBS)
    side.orders.resume("acme")
    wait_until(lambda: not side.waiting("acme") and not side.in_flight(), 120, "an empty lane")
    return rate


def _whole(side: Service, numbers: Iterator[int]) -> float:
    done = side.ended()
    return _rate(side, numbers, lambda: side.ended() - done == JOBS)


def _rate(side: Service, numbers: Iterator[int], done: Callable[[], bool]) -> float:
    bodies = [job("acme", next(numbers)) for _ in range(JOBS)]
    began = time.monotonic()
    side.submit(bodies)
    wait_until(done, 120, "the end of a block")
    return JOBS / (time.monotonic() - began)


def _fsync_ms() -> float:
    with TemporaryDirectory(prefix="bench") as folder, (Path(folder) / "file").open("wb", buffering=0) as file:
        times = []
        for _ in range(50):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            times.append((time.perf_counter() - began) * 1000)
    return median(times)
