"""What do workers do while the state store hangs? They say so once, leave when told to, and lose and double nothing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from logged import lines
from real import ACCOUNTS, Deployment, Process, RedisServer, Sandbox, wait_until
from test_execution import create, events, submit

JOBS = 40
SAID_S = 20.0  # a call waits 15 s for its answer
LEASES_S = 17.0  # of what was left: the request's 2 s, and 15
GRACE_S = 5.0


@pytest.fixture
def slow_sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """So that some jobs always run."""
    sandbox = Sandbox(tmp_path, "--latency-ms", "300")
    yield sandbox
    sandbox.close()


@pytest.fixture
def deployment(
    tmp_path: Path, slow_sandbox: Sandbox, redis_server: RedisServer, own_redis: RedisServer
) -> Iterator[Deployment]:
    """Its broker answers all along."""
    deployment = Deployment(tmp_path, slow_sandbox, redis_server.url, own_redis.url)
    yield deployment
    deployment.close()


def at_work(deployment: Deployment, state: RedisServer, **env: str) -> Process:
    """A worker in the middle of its jobs."""
    worker = deployment.wait_for_worker(deployment.start_worker(AUDIENCE_CONCURRENCY="4", **env))
    submit(deployment, *(create(f"job-{number}", ACCOUNTS[number % 3]) for number in range(JOBS)))
    events(deployment, state, 5)
    return worker


def everything_is_done_once(deployment: Deployment, state: RedisServer, sandbox: Sandbox) -> None:
    names = {f"job-{number}" for number in range(JOBS)}
    found = events(deployment, state, JOBS, 2 * LEASES_S + SAID_S)
    assert {event["type"] for event in found.values()} == {"audience.job.succeeded"}
    assert found.keys() == names
    assert Counter(each["name"] for each in sandbox.audiences()["audiences"]) == Counter(names)


def said(worker: Process, event: str) -> list[object]:
    return [line for line in lines(worker.text()) if line["event"] == event]


def test_a_worker_says_so_once_and_goes_on(
    deployment: Deployment, own_redis: RedisServer, slow_sandbox: Sandbox
) -> None:
    worker = at_work(deployment, own_redis)
    with own_redis.hung():
        wait_until(lambda: said(worker, "loop.waiting"), SAID_S, "a worker that says what it waits for")
    wait_until(lambda: said(worker, "loop.recovered"), what="a worker that goes on")
    everything_is_done_once(deployment, own_redis, slow_sandbox)
    assert len(said(worker, "loop.waiting")) == len(said(worker, "loop.recovered")) == 1


def test_a_worker_leaves_within_its_grace_and_another_one_goes_on(
    deployment: Deployment, own_redis: RedisServer, slow_sandbox: Sandbox
) -> None:
    worker = at_work(deployment, own_redis, AUDIENCE_SHUTDOWN_GRACE_S=str(GRACE_S))
    with own_redis.hung():
        began = time.monotonic()
        worker.stop()
        assert time.monotonic() - began < GRACE_S + 2
    deployment.wait_for_worker(deployment.start_worker())
    everything_is_done_once(deployment, own_redis, slow_sandbox)


def test_an_idle_worker_leaves_soon(deployment: Deployment, own_redis: RedisServer) -> None:
    worker = deployment.wait_for_worker(deployment.start_worker())
    with own_redis.hung():
        began = time.monotonic()
        assert worker.stop() == 0
        assert time.monotonic() - began < 10
