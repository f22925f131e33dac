"""What does a 429 with ``Retry-After: 5`` do to a full lane? Nothing goes for 5 s, then the full rate again."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import mkdtemp

from real import wait_until

from bench.lanes.arithmetic import rate
from bench.lanes.backlog import Waiting, fill
from bench.lanes.figure import Figure, Goal, Line
from bench.lanes.provider import Arrival, Provider
from bench.lanes.service import EVERYSEC, Service, job
from bench.lanes.stub import RETRY_AFTER_S

LIMIT = 50
WORKERS = 2
WARM_UP_S = 2.0
AFTER_S = 3.0  # watched after the pause
ACCOUNTS = {"acme": f'limits = ["{LIMIT}/s"]\nmax_in_flight = 64'}


def measure(rounds: int) -> Figure:
    """Each round runs the lane at its limit, has one request throttled, and watches what follows."""
    with Provider(Path(mkdtemp())) as provider, Service(provider.url, ACCOUNTS, *EVERYSEC) as service:
        service.orders.pause("acme", None, "until every worker is ready")
        count = round(rounds * LIMIT * (WARM_UP_S + AFTER_S + 3))
        fill(service.redis, (Waiting("acme", f"acme-{n}", job("acme", n)) for n in range(1, count + 1)))
        service.start(WORKERS)
        seen = [_round(service, provider) for _ in range(rounds)]
    first = [min(at for at in moments if at > 0) for moments in seen]
    early = [float(sum(0 < at < RETRY_AFTER_S for at in moments)) for moments in seen]
    full = [rate([at for at in moments if 1 <= at - RETRY_AFTER_S < AFTER_S]) / LIMIT for moments in seen]
    period = [float(sum(0 <= at - RETRY_AFTER_S < 1 for at in moments)) for moments in seen]
    return Figure(
        "What does a 429 with Retry-After: 5 do to a full lane?",
        (
            Line.worst("first request after the 429", "s", first, Goal("at least", RETRY_AFTER_S)),
            Line.worst("requests before the 5 s were over", "requests", early, Goal("at most", 0)),
            Line.of("use of the limit from one period after the pause on", "of 1", full, Goal("at least", 0.97)),
            Line.of("requests in the first period after the pause", "requests", period),
        ),
        (
            f"A lane with a backlog at its limit of {LIMIT}/s, {WORKERS} worker processes; after {WARM_UP_S:g} s one "
            "request is answered with the 429, and every other one with success. Times count from its arrival."
        ),
    )


def _round(service: Service, provider: Provider) -> list[float]:
    """The arrivals of a round, in seconds after the throttled one."""
    provider.arrivals()
    service.orders.resume("acme")
    time.sleep(WARM_UP_S)  # the lane at its limit
    provider.throttle()
    arrivals: list[Arrival] = []

    def throttled() -> list[float]:
        arrivals.extend(provider.arrivals())
        return [each.at for each in arrivals if each.status == 429]  # noqa: PLR2004 - HTTP's number

    (began,) = wait_until(throttled, 10, "a throttled request")
    time.sleep(max(0.0, began + RETRY_AFTER_S + AFTER_S - time.monotonic()))  # the measured time
    service.quiesce("acme")
    arrivals.extend(provider.arrivals())
    return [each.at - began for each in arrivals]
