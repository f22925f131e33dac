"""Does a full lane slow another down? From submit to provider request, beside 100,000 waiting jobs and without them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp

from real import wait_until

from bench.lanes.arithmetic import percentile
from bench.lanes.backlog import Waiting, fill
from bench.lanes.figure import Figure, Goal, Line
from bench.lanes.latency import submit_to_request
from bench.lanes.provider import Provider
from bench.lanes.service import EVERYSEC, Service, job

BACKLOG = 100_000
SAMPLES = 200  # of each side in each round
GAP_S = 0.08  # between two submits, on average
ACCOUNTS = {
    "quiet": 'limits = ["50/s"]',
    "busy": 'limits = ["20/s"]',
}
RATIO = Goal("at most", 1.5)


def measure(rounds: int) -> Figure:
    """Two deployments stand side by side; in turns one is measured while the other has nothing to do."""
    with (
        Provider(Path(mkdtemp())) as provider,
        Service(provider.url, ACCOUNTS, *EVERYSEC) as idle,
        Service(provider.url, ACCOUNTS, *EVERYSEC) as beside,
    ):
        beside.orders.pause("busy", None, "until its turn")
        body = job("busy", 1)
        fill(beside.redis, (Waiting("busy", f"busy-{number:030}", body) for number in range(BACKLOG)))
        idle.start(1)
        beside.start(1)
        numbers = iter(range(1, 10**9))
        _block(idle, provider, numbers, 50)
        _block(beside, provider, numbers, 50)
        alone: list[list[float]] = []
        loaded: list[list[float]] = []
        for _ in range(rounds):
            alone.append(_block(idle, provider, numbers, SAMPLES))
            beside.orders.resume("busy")
            wait_until(lambda: beside.in_flight() > 0, what="a busy lane that runs")
            loaded.append(_block(beside, provider, numbers, SAMPLES))
            beside.quiesce("busy")
        left = beside.waiting("busy")
    return _figure(alone, loaded, left)


def _block(service: Service, provider: Provider, numbers: Iterator[int], count: int) -> list[float]:
    """Seconds from submit to request of so many jobs, one after the other, at random moments."""
    return submit_to_request(
        lambda number: service.submit([job("quiet", number)]), "quiet", provider, islice(numbers, count), GAP_S
    )


def _figure(alone: list[list[float]], loaded: list[list[float]], left: int) -> Figure:
    lines = []
    for name, share in (("median", 0.5), ("p99", 0.99)):
        sides = [[percentile(block, share) for block in side] for side in (alone, loaded)]
        pooled = [percentile([each for block in side for each in block], share) for side in (alone, loaded)]
        ratios = tuple(beside / idle for idle, beside in zip(*sides, strict=True))
        lines += [
            Line(f"{name}: beside a full lane / on an idle system", "ratio", pooled[1] / pooled[0], ratios, RATIO),
            Line(f"{name} on an idle system", "ms", pooled[0] * 1000, tuple(each * 1000 for each in sides[0])),
            Line(f"{name} beside a full lane", "ms", pooled[1] * 1000, tuple(each * 1000 for each in sides[1])),
        ]
    return Figure(
        "Does a full lane slow another down?",
        tuple(lines),
        (
            f"From the LPUSH of a job to its request at the provider; {SAMPLES} jobs a side and round, one every "
            f"{GAP_S * 1000:g} ms on average. The value is that of all rounds together, the spread that of single "
            f"ones. The full lane held {BACKLOG:,} waiting jobs at first, {left:,} at last, and ran at its "
            "limit of 20/s. Two deployments with one worker process each, measured in turns; the idle one has no other "
            "job at all."
        ),
    )
