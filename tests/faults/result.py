"""What has a run shown?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from faults.inflict import Inflicted
from faults.limits import Limited
from faults.producer import Confirmed
from faults.received import Received
from faults.reconcile import Findings
from faults.schedule import Kind, Size
from faults.storms import Calm


@dataclass(frozen=True)
class Result:
    """Times are seconds since the epoch."""

    seed: int
    size: Size
    began_at: float
    ended_at: float
    load: tuple[float, float, float]
    inflicted: list[Inflicted]
    confirmed: list[Confirmed]
    unconfirmed_tries: int
    requests: int
    answered: list[Received]
    findings: Findings
    """Of the results queue."""
    stream: Findings
    over: Mapping[Limited, int]
    """Windows of a limit that held too many requests, where they left the workers."""
    left: Mapping[Limited, int]
    """Requests that left the workers under each limit."""
    refused_as_too_many: int
    """The sandbox's own 429s: it counts where requests arrive, also by a slow way, on which they bunch up."""
    storms: list[Calm]
    workers_lost: list[str]
    versions: Mapping[str, str]

    @property
    def faults(self) -> Counter[Kind]:
        return Counter(each.fault.kind for each in self.inflicted)
