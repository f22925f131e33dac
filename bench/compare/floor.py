"""The floor: a loop that takes bare JSON from a list, and does one job after the other with httpx alone."""

from __future__ import annotations

import json
import os

import redis

from bench.compare.work import REDIS_URL, work

QUEUE = "compare.jobs"


def loop() -> None:
    """Until the process is ended."""
    with redis.Redis.from_url(os.environ[REDIS_URL]) as client:
        while True:
            _, body = client.blpop([QUEUE])
            work(json.loads(body))


if __name__ == "__main__":
    loop()
