"""Does a job get lost with the broker's queues? State on a second Redis; the broker flushed or purged in mid-run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import kombu
import redis
from command import example
from real import Deployment, RabbitNode, RedisServer, Sandbox, wait_until

from audience_client import Producer

QUEUES = ("audience.jobs", "audience.submit", "audience.results")
JOBS = 48
WORK_S = 15.0  # what these jobs take, with much to spare on a busy machine


def job(number: int) -> dict[str, Any]:
    found = example("mintegral-create", id=f"job-{number}", account=("acme", "globex")[number % 2])
    found["payload"]["ta_name"] = f"Audience {number}"
    return found


def run_and_lose(deployment: Deployment, state: RedisServer, lose: Callable[[], Any]) -> None:
    """Jobs for a worker with two threads, so that most of them still wait when the broker loses everything."""
    try:
        worker = deployment.wait_for_worker(
            deployment.start_worker(AUDIENCE_CONCURRENCY="2", AUDIENCE_LOG_LEVEL="DEBUG")
        )
        with Producer(deployment.broker_url) as producer:
            for number in range(JOBS):
                producer.submit(job(number))
        wait_until(lambda: worker.text().count("job.accepted") == JOBS, what="every job accepted")
        with state.client() as client:
            lose()
            assert ended(deployment, client) < JOBS / 2, "too late: this run has shown nothing"
            wait_until(lambda: ended(deployment, client) == JOBS, WORK_S, "an event for every accepted job")
    finally:
        deployment.close()


def ended(deployment: Deployment, client: redis.Redis) -> int:
    """How many jobs have an event; each of them has one only."""
    ids = [event["id"] for event in deployment.events(client)]
    assert len(set(ids)) == len(ids)
    return len(ids)


def test_a_flushed_redis_broker_loses_no_accepted_job(
    tmp_path: Path, own_redis: RedisServer, redis_server: RedisServer
) -> None:
    sandbox = Sandbox(tmp_path, "--latency-ms", "200")
    try:
        with own_redis.client() as broker:
            deployment = Deployment(tmp_path, sandbox, own_redis.url, redis_server.url)
            run_and_lose(deployment, redis_server, broker.flushdb)
        assert len(sandbox.audiences()["audiences"]) == JOBS
    finally:
        sandbox.close()


def test_a_purged_rabbitmq_loses_no_accepted_job(tmp_path: Path, rabbit: RabbitNode, redis_server: RedisServer) -> None:
    sandbox = Sandbox(tmp_path, "--latency-ms", "200")
    try:
        with kombu.Connection(rabbit.url) as connection:
            channel = connection.channel()
            deployment = Deployment(tmp_path, sandbox, rabbit.url, redis_server.url)
            run_and_lose(deployment, redis_server, lambda: [channel.queue_purge(queue) for queue in QUEUES])
        assert len(sandbox.audiences()["audiences"]) == JOBS
    finally:
        sandbox.close()
