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

HINTS = "audience.mintegral"
JOBS = 48
LEASE_S = 3.0  # as Deployment sets it
WORK_S = 12.0  # what these jobs take, with much to spare on a busy machine


def job(number: int) -> dict[str, Any]:
    found = example("mintegral-create", id=f"job-{number}", account=("acme", "globex")[number % 2])
    found["payload"]["ta_name"] = f"Audience {number}"
    return found


def run_and_lose(deployment: Deployment, state: RedisServer, hints: Callable[[], int], lose: Callable[[], Any]) -> None:
    """Jobs for a worker with two threads, so that most of their hints wait on the broker when that loses them."""
    try:
        worker = deployment.wait_for_worker(deployment.start_worker(AUDIENCE_CONCURRENCY="2"))
        with Producer(deployment.broker_url) as producer:
            for number in range(JOBS):
                producer.submit(job(number))
        wait_until(lambda: worker.text().count("job.accepted") == JOBS, what="every job accepted")
        wait_until(lambda: hints() > 5, what="hints that wait on the broker")
        lose()
        with state.client() as client:
            wait_until(lambda: ended(deployment, client) == JOBS, LEASE_S + WORK_S, "an event for every accepted job")
        assert "leases.rescued" in worker.text(), "no hint was lost: this run has shown nothing"
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
            run_and_lose(deployment, redis_server, lambda: int(broker.llen(HINTS)), broker.flushdb)
        assert len(sandbox.audiences()["audiences"]) == JOBS
    finally:
        sandbox.close()


def test_a_purged_rabbitmq_loses_no_accepted_job(tmp_path: Path, rabbit: RabbitNode, redis_server: RedisServer) -> None:
    sandbox = Sandbox(tmp_path, "--latency-ms", "200")
    try:
        with kombu.Connection(rabbit.url) as connection:
            channel = connection.channel()
            deployment = Deployment(tmp_path, sandbox, rabbit.url, redis_server.url)

            def hints() -> int:
                declared = channel.queue_declare(HINTS, passive=True)
                return int(declared.message_count)

            run_and_lose(deployment, redis_server, hints, lambda: channel.queue_purge(HINTS))
        assert len(sandbox.audiences()["audiences"]) == JOBS
    finally:
        sandbox.close()
