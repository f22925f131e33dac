"""How much of a limit is used, and is it ever passed? Full lanes at 10, 50 and 200 a second, 1, 2 and 4 workers."""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path
from tempfile import mkdtemp

from bench.lanes.arithmetic import TOLERANCE_S, closest, fullest, rate
from bench.lanes.backlog import Waiting, fill
from bench.lanes.figure import Figure, Goal, Line
from bench.lanes.provider import Provider
from bench.lanes.service import EVERYSEC, Service, job
from workers.lanes.lanes import SLACK_S

RATES = (10, 50, 200)
WORKERS = (1, 2, 4)
WARM_UP_S = 2.0
MEASURED_S = {10: 15.0, 50: 10.0, 200: 10.0}
USE = Goal("at least", 0.97)
SPAN = Goal("at least", 1 - TOLERANCE_S)
ACCOUNTS = {f"at{rate}": f'limits = ["{rate}/s"]\nmax_in_flight = 64' for rate in RATES}


def measure(rounds: int) -> Figure:
    """Every number of workers in each round, every rate with it."""
    use, windows, spans = defaultdict(list), defaultdict(list), defaultdict(list)
    cpu_shares = []
    for _ in range(rounds):
        for workers in WORKERS:
            with Provider(Path(mkdtemp())) as provider, Service(provider.url, ACCOUNTS, *EVERYSEC) as service:
                for limit in RATES:
                    _fill(service, limit)
                service.start(workers)
                for limit in RATES:
                    began, cpu_s = time.monotonic(), provider.cpu_s
                    moments = _run(service, provider, limit)
                    cpu_shares.append((provider.cpu_s - cpu_s) / (time.monotonic() - began))
                    key = (limit, workers)
                    use[key].append(rate([at for at in moments if at >= moments[0] + WARM_UP_S]) / limit)
                    windows[key].append(float(fullest(moments, 1 - TOLERANCE_S)))
                    spans[key].append(closest(moments, limit))
    lines = []
    for limit, workers in use:
        key, at = (limit, workers), f"{limit}/s, workers: {workers}"
        lines += [
            Line.of(f"{at}: use of the limit", "of 1", use[key], USE),
            Line.worst(f"{at}: requests in the fullest window", "requests", windows[key], Goal("at most", limit)),
            Line.worst(f"{at}: shortest time of {limit + 1} requests", "s", spans[key], SPAN),
        ]
    return Figure(
        "How much of a limit is used, and is it ever passed?",
        tuple(lines),
        (
            "A lane with a backlog, max_in_flight 64. Its use is the rate from the first to the last arrival after "
            f"{WARM_UP_S:g} s of warm-up, over the limit; {SLACK_S:.0%} of a limit per second stay free "
            "(docs/architecture.md). Windows count the whole run, warm-up included: any window of one period, with "
            f"{TOLERANCE_S * 1000:g} ms of tolerance at its edge. The worst round counts. The stub was "
            f"not the bottleneck: it used at most {max(cpu_shares):.1%} of one core."
        ),
    )


def _fill(service: Service, limit: int) -> None:
    account = f"at{limit}"
    service.orders.pause(account, None, "until every worker is ready")
    count = round(limit * (WARM_UP_S + MEASURED_S[limit] + 5))
    fill(service.redis, (Waiting(account, f"{account}-{n}", job(account, n)) for n in range(1, count + 1)))


def _run(service: Service, provider: Provider, limit: int) -> list[float]:
    account = f"at{limit}"
    provider.arrivals()
    service.orders.resume(account)
    time.sleep(WARM_UP_S + MEASURED_S[limit])  # the measured time itself
    if not service.waiting(account):
        raise ValueError(f"the backlog of {account} ran out before the measurement was over")
    service.quiesce(account)
    return [arrival.at for arrival in provider.arrivals()]
