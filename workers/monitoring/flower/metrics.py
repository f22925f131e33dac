"""How does Flower answer /metrics while Redis hangs? What is told is read in a thread, and the scrape ends in time."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import prometheus_client
from flower.views.monitor import Metrics

WITHIN_S = 5.0
"""Less than Prometheus waits for, and longer than one reading of a state store and a broker that both hang."""

SENTENCE = (
    f"The state store or the broker did not answer within {WITHIN_S:.0f} s: ask `audience doctor` which, and see that "
    "it answers; Flower goes on.\n"
)

_READER = ThreadPoolExecutor(1, "metrics")  # one reading at a time: a scrape that waits too long is answered without


class BoundedMetrics(Metrics):  # type: ignore[misc]  # flower has no types
    """Flower's own metrics and ours."""

    async def get(self) -> None:
        self.application.purge_offline_worker_metrics()
        self.set_header("Content-Type", "text/plain")
        reading = asyncio.get_running_loop().run_in_executor(_READER, prometheus_client.generate_latest)
        try:
            self.write(await asyncio.wait_for(reading, WITHIN_S))
        except TimeoutError:
            self.set_status(503)
            self.write(SENTENCE)


def bounded(rule: object) -> object:
    """The same rule of Flower's list, its metrics in place of Flower's."""
    return (rule[0], BoundedMetrics) if isinstance(rule, tuple) and rule[1] is Metrics else rule
