"""How long from submit to request? Of single jobs, at random moments."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

from real import wait_until

from bench.lanes.provider import Provider


def submit_to_request(
    submit: Callable[[int], None], account: str, provider: Provider, numbers: Iterator[int], gap_s: float
) -> list[float]:
    """Seconds, of a job of this account for each number, one every ``gap_s`` on average."""
    provider.arrivals()
    submitted = {}
    for number in numbers:
        time.sleep(random.uniform(0.5, 1.5) * gap_s)  # noqa: S311 - so that no beat of the service is hit or missed
        submitted[number] = time.monotonic()
        submit(number)
    arrived: dict[int, float] = {}

    def all_there() -> bool:
        arrived.update({each.number: each.at for each in provider.arrivals() if each.account == account})
        return len(arrived) == len(submitted)

    wait_until(all_there, 60, f"a request for every job of {account}")
    return [arrived[number] - at for number, at in submitted.items()]
