"""Does a job that waits for its time leave at its time? Due at random moments, on a system that is otherwise idle."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

from real import wait_until

from bench.lanes.arithmetic import percentile
from bench.lanes.figure import Figure, Goal, Line
from bench.lanes.provider import Provider
from bench.lanes.service import EVERYSEC, Service, job

JOBS = 200  # in each round
FIRST_DUE_S = 3.0
SPREAD_S = 20.0
LATE_MS = Goal("at most", 100)
EARLY = Goal("at most", 0)


def measure(rounds: int) -> Figure:
    """Each round submits its jobs at once, and waits for the last of them."""
    with Provider(Path(mkdtemp())) as provider, Service(provider.url, {"acme": ""}, *EVERYSEC) as service:
        service.start(1)
        late = [_round(service, provider, first=1 + JOBS * number) for number in range(rounds)]
    p99 = [percentile(each, 0.99) * 1000 for each in late]
    early = [float(sum(value < 0 for value in each)) for each in late]
    return Figure(
        "Does a job that waits for its time leave at its time?",
        (
            Line.of("p99 of the provider's arrival after the due time", "ms", p99, LATE_MS),
            Line.of("median of the same", "ms", [percentile(each, 0.5) * 1000 for each in late]),
            Line.of("latest of all", "ms", [max(each) * 1000 for each in late]),
            Line.worst("requests before their time", "requests", early, EARLY),
        ),
        (
            f"{JOBS} jobs in each round with a not_before within {SPREAD_S:g} s, at random moments; one worker, no "
            "limit. A job that backs off waits in the same way: either is the job's due time in its lane."
        ),
    )


def _round(service: Service, provider: Provider, first: int) -> list[float]:
    """Seconds by which each request came after its time."""
    provider.arrivals()
    wall_s = time.time() - time.monotonic()
    begin = time.time() + FIRST_DUE_S
    due = {number: begin + random.uniform(0, SPREAD_S) for number in range(first, first + JOBS)}  # noqa: S311
    service.submit(
        job("acme", number, not_before=datetime.fromtimestamp(at, UTC).isoformat()) for number, at in due.items()
    )
    arrived: dict[int, float] = {}

    def all_there() -> bool:
        arrived.update({each.number: each.at + wall_s for each in provider.arrivals()})
        return len(arrived) == JOBS

    time.sleep(FIRST_DUE_S + SPREAD_S)  # the measured time: asking the provider meanwhile would disturb it
    wait_until(all_there, 60, "a request for every job")
    return [arrived[number] - at for number, at in due.items()]
