"""The actor that one would write with dramatiq: its Redis broker, its usual middleware."""

from __future__ import annotations

import os
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from bench.compare.work import REDIS_URL, TASK, work

dramatiq.set_broker(RedisBroker(url=os.environ[REDIS_URL]))


@dramatiq.actor(actor_name=TASK)
def do(given: dict[str, Any]) -> None:
    work(given)
