"""How does a lane get many waiting jobs in a short time? By the script that accepts jobs, many at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import redis

from workers.intake.door import DIGEST as LENGTH
from workers.lanes.keys import partition
from workers.lanes.scripts import run

BATCH = 500
DIGEST = "0" * LENGTH
DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job to be accepted."""

    account: str
    id: str
    body: bytes


def fill(client: redis.Redis, jobs: Iterable[Waiting], operation: str = "get_audience") -> None:
    """Have PubMatic's lanes accept these jobs, as the door does: same script, same arguments."""
    rest = iter(jobs)
    while batch := list(islice(rest, BATCH)):
        args = [part for job in batch for part in (job.account, job.id, operation, DIGEST, job.body, 5, 0, 0, DAY_US)]
        answers = run(client, "accept", partition("pubmatic"), *args)
        if set(answers) != {b"new"}:
            raise ValueError(f"not every job was new to its lane: {set(answers)}")
