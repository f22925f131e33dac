"""What does every other side do with a job? What a hand-written task would do: validate, ask, push the result."""

from __future__ import annotations

import json
import logging
import os
import threading
from typing import Any

import httpx
import redis

from schemas.job import Job
from schemas.pubmatic import GetAudience

PROVIDER_URL, BROKER_URL, REDIS_URL = "COMPARE_PROVIDER_URL", "COMPARE_BROKER_URL", "COMPARE_REDIS_URL"
"""Where a side's process finds the stub, its broker and its Valkey."""
TASK = "compare.work"
RESULTS = "compare.results"
TOKEN = "acme"  # noqa: S105 - the stub's ledger takes it for the account's name

logging.getLogger("httpx").setLevel(logging.WARNING)  # else a side that logs at INFO pays for a line of each request

_of_thread = threading.local()
_redis: list[redis.Redis] = []


def work(given: dict[str, Any]) -> None:
    """Do a job, with a client for each thread: httpx's shared pool has one lock, which 64 threads feel."""
    path, params = request_of(given)
    response = _client().get(path, params=params)
    response.raise_for_status()
    _results().rpush(RESULTS, result_of(given, response.json()))


def request_of(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The path and the query of a job's request. Raises pydantic's error where it is no valid job."""
    job = Job.model_validate(given)
    GetAudience.model_validate(job.payload)
    who = dict(job.payload)
    return f"/audience/audiences/{who.pop('audienceId')}", who


def result_of(given: dict[str, Any], audience: Any) -> str:
    """What is pushed."""
    return json.dumps({"id": given["id"], "status": "succeeded", "result": audience})


def client_settings() -> dict[str, Any]:
    """Of httpx's client, whichever it is."""
    return {"base_url": os.environ[PROVIDER_URL] + "/v1", "headers": {"pubToken": TOKEN}, "trust_env": False}


def _client() -> httpx.Client:
    if not hasattr(_of_thread, "client"):
        _of_thread.client = httpx.Client(**client_settings())
    client: httpx.Client = _of_thread.client
    return client


def _results() -> redis.Redis:
    """One for the process, with its pool, as redis-py recommends; made after a fork."""
    if not _redis:
        _redis.append(redis.Redis.from_url(os.environ[REDIS_URL]))
    return _redis[0]
