"""Which sides are there, how is each started, and how are jobs sent to it?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import redis
from celery import Celery
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker
from taskiq.kicker import AsyncKicker
from taskiq_redis import RedisStreamBroker

from bench.compare import floor
from bench.compare.side import Other, Ours, OursOnRabbitMQ, Sender, Side
from bench.compare.work import TASK

CONCURRENCY = 64
FEWER = 32
PROCESSES = 4
QUIET = ["--without-mingle", "--without-gossip", "--without-heartbeat"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A side before it runs."""

    title: str
    at_once: int
    """Jobs that it can work on at the same time."""
    make: Callable[[str], Side]
    """Given the provider's URL."""
    on_one_core: bool = False
    """Whether its worker may use one core only, as ``taskset`` has it."""


def _to_floor(url: str) -> Sender:
    client = redis.Redis.from_url(url)
    return lambda given: client.rpush(floor.QUEUE, json.dumps(given))


def _to_celery(url: str) -> Sender:
    app = Celery(broker=url, set_as_current=False)
    app.conf.task_ignore_result = True
    return lambda given: app.send_task(TASK, args=[given])


def _to_dramatiq(url: str) -> Sender:
    broker = RedisBroker(url=url)
    broker.declare_queue("default")

    def send(given: dict[str, Any]) -> object:
        return broker.enqueue(Message(queue_name="default", actor_name=TASK, args=(given,), kwargs={}, options={}))

    return send


def _to_taskiq(url: str) -> Sender:
    broker, runner = RedisStreamBroker(url), asyncio.Runner()
    kicker: AsyncKicker[[dict[str, Any]], None] = AsyncKicker(TASK, broker, {})
    runner.run(broker.startup())
    return lambda given: runner.run(kicker.kiq(given))


def _celery(*pool: str) -> list[str]:
    return ["celery", "-A", "bench.compare.with_celery", "worker", *QUIET, *pool]


_FLOOR = ["python", "-m", "bench.compare.floor"]
_DRAMATIQ = ["dramatiq", "bench.compare.with_dramatiq", "--processes", "1", "--threads", str(CONCURRENCY)]
_TASKIQ = [
    "taskiq", "worker", "bench.compare.with_taskiq:broker", "--workers", "1", "--max-async-tasks", str(CONCURRENCY),
]  # fmt: skip

KINDS = {
    "ours": Kind("this service", CONCURRENCY, Ours),
    "celery-threads": Kind(
        f"Celery, {CONCURRENCY} threads",
        CONCURRENCY,
        partial(Other, _celery("--pool", "threads", "--concurrency", str(CONCURRENCY)), _to_celery),
    ),
    "ours-rabbitmq": Kind("this service, RabbitMQ", CONCURRENCY, OursOnRabbitMQ),
    "celery-rabbitmq": Kind(
        f"Celery, {CONCURRENCY} threads, RabbitMQ",
        CONCURRENCY,
        partial(Other, _celery("--pool", "threads", "--concurrency", str(CONCURRENCY)), _to_celery, on_rabbitmq=True),
    ),
    "celery-prefork": Kind(
        f"Celery, {PROCESSES} processes",
        PROCESSES,
        partial(Other, _celery("--pool", "prefork", "--concurrency", str(PROCESSES)), _to_celery),
    ),
    "dramatiq": Kind(f"dramatiq, {CONCURRENCY} threads", CONCURRENCY, partial(Other, _DRAMATIQ, _to_dramatiq)),
    "ours-fewer": Kind(f"this service, {FEWER} threads", FEWER, partial(Ours, threads=FEWER)),
    "ours-one-core": Kind("this service, one core", CONCURRENCY, Ours, on_one_core=True),
    "dramatiq-one-core": Kind(
        f"dramatiq, {CONCURRENCY} threads, one core",
        CONCURRENCY,
        partial(Other, _DRAMATIQ, _to_dramatiq),
        on_one_core=True,
    ),
    "taskiq": Kind(f"taskiq, {CONCURRENCY} tasks", CONCURRENCY, partial(Other, _TASKIQ, _to_taskiq)),
    "floor": Kind("a loop with httpx", 1, partial(Other, _FLOOR, _to_floor)),
}
