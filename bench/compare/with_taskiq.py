"""The task that one would write with taskiq: async, on the broker with acknowledgements that taskiq-redis shows first.

It runs on uvloop, and one ``AsyncClient`` serves the process, with room for every task at once.
"""

from __future__ import annotations

import os
from typing import Any

import httpx
import redis.asyncio
from taskiq import TaskiqEvents, TaskiqState
from taskiq_redis import RedisStreamBroker

from bench.compare.work import REDIS_URL, RESULTS, TASK, client_settings, request_of, result_of

broker = RedisStreamBroker(os.environ[REDIS_URL])


@broker.on_event(TaskiqEvents.WORKER_STARTUP)
async def open_clients(state: TaskiqState) -> None:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    state.client = httpx.AsyncClient(limits=limits, **client_settings())
    state.redis = redis.asyncio.Redis.from_url(os.environ[REDIS_URL])


@broker.task(task_name=TASK)
async def do(given: dict[str, Any]) -> None:
    path, params = request_of(given)
    response = await broker.state.client.get(path, params=params)
    response.raise_for_status()
    await broker.state.redis.rpush(RESULTS, result_of(given, response.json()))
