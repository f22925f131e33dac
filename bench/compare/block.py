"""What does a side do with many waiting jobs, and with single ones? One block of either, measured."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from real import wait_until

from bench.compare.side import ACCOUNT, Side, held
from bench.lanes.arithmetic import rate
from bench.lanes.cpu import processes_s, redis_s
from bench.lanes.latency import submit_to_request
from bench.lanes.provider import Provider

LONGEST_S = 300.0
SETTLED_S = 0.5
EDGE = 0.2  # of a block's requests, at its beginning and at its end: not every thread is busy then
SINGLES = 150
GAP_S = 0.05
LOADED = 600


@dataclass(frozen=True, slots=True)
class Block:
    """Times are those of one job, shares those of one core."""

    jobs_per_s: float
    cpu_ms: float
    redis_ms: float
    in_flight: float
    """Requests that the provider had at the same time, on average, away from the block's edges."""
    stub_share: float


def many(side: Side, provider: Provider, numbers: Iterator[int], count: int, delay_s: float) -> Block:
    """So many jobs wait as the side goes on; until the result of each is there."""
    provider.delay(delay_s)
    done, pid = side.ended(), side.worker.popen.pid
    with held(side):
        side.submit(list(islice(numbers, count)))
        provider.arrivals()
        began, cpu, redis_cpu, stub_cpu = time.monotonic(), processes_s(pid), redis_s(side.redis), provider.cpu_s
    wait_until(lambda: side.ended() - done >= count, LONGEST_S, "the end of a block")
    took_s = time.monotonic() - began
    time.sleep(SETTLED_S)  # what a job leaves to be cleared away is its cost, too
    cpu, redis_cpu = processes_s(pid) - cpu, redis_s(side.redis) - redis_cpu
    moments = [arrival.at for arrival in provider.arrivals()]
    if len(moments) != count or side.ended() - done != count:
        raise ValueError(f"{len(moments)} requests and {side.ended() - done} results for {count} jobs")
    edge = round(EDGE * count)
    return Block(
        jobs_per_s=count / took_s,
        cpu_ms=cpu / count * 1000,
        redis_ms=redis_cpu / count * 1000,
        in_flight=rate(moments[edge:-edge]) * delay_s,
        stub_share=(provider.cpu_s - stub_cpu) / took_s,
    )


def singles(side: Side, provider: Provider, numbers: Iterator[int]) -> list[float]:
    """Seconds from submit to request, of one job after the other, on a side with nothing else to do."""
    provider.delay(0.0)
    return _submitted(side, provider, islice(numbers, SINGLES), GAP_S)


def half_loaded(side: Side, provider: Provider, numbers: Iterator[int], jobs_per_s: float) -> list[float]:
    """The same, on a side that gets half as many jobs a second as it could do."""
    provider.delay(0.0)
    return _submitted(side, provider, islice(numbers, LOADED), 2 / jobs_per_s)


def _submitted(side: Side, provider: Provider, numbers: Iterator[int], gap_s: float) -> list[float]:
    return submit_to_request(lambda number: side.submit([number]), ACCOUNT, provider, numbers, gap_s)
