"""Do the metrics tell what the service does, in Prometheus's way, and cost next to nothing?"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pika
import pytest
from flower_server import FlowerServer
from prometheus_client import CollectorRegistry, generate_latest
from real import Deployment, Process, RabbitNode, RedisServer, Sandbox, free_port, wait_until
from scrape import Scrape, metrics_port, promtool, scrape, served

from audience_client import Producer
from workers.config import ProviderConfig
from workers.lanes.lanes import Lanes
from workers.monitoring.metrics.standing import Standing
from workers.monitoring.queues import queues_at

CONFIGS = {
    "mintegral": ProviderConfig.model_validate(
        {
            "base_url": "http://provider",
            "accounts": {
                **{key: {} for key in ("held", "paused", "probing")},
                "limited": {"limits": ["10/s", "600/h"]},
                "burst": {"limits": ["1/s burst 10"]},
            },
        }
    )
}
LABELS = {"provider", "account", "operation", "outcome", "category", "state", "queue", "le"}


def create(name: str, account: str = "acme", **other: Any) -> dict[str, Any]:
    payload = {
        "ta_name": name,
        "area_type": 1,
        "platform": 1,
        "data_path": [{"device_type": 3, "data_path": "s3://bucket/devices.csv"}],
    }
    job = {"id": name, "provider": "mintegral", "account": account, "operation": "create_audience", "payload": payload}
    return {**job, **other}


def submit(broker_url: str, *jobs: dict[str, Any]) -> None:
    with Producer(broker_url) as producer:
        for job in jobs:
            producer.submit(job)


def until(url: str, name: str, at_least: float, **labels: str) -> Scrape:
    """The first scrape in which a metric has come so far."""

    def far_enough() -> Scrape | None:
        found = scrape(url)
        return found if found.value(name, **labels) >= at_least else None

    found = wait_until(far_enough, 30, f"{name} of {at_least}")
    assert found
    return found


def test_a_worker_tells_what_it_did_and_how_the_state_stands(
    on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    env, url = metrics_port()
    on_redis.wait_for_worker(on_redis.start_worker(**env))
    sandbox.fault(action="answer", name="bad", times=1, status=400, body='{"code": 10000, "message": "no good"}')
    later = "2099-01-01T00:00:00Z"
    submit(on_redis.broker_url, create("good"), create("bad"), create("later", "globex", not_before=later))
    with redis_server.client() as client:
        client.lpush("audience.jobs", b"no job")
        client.xadd("audience:jobs", {"job": json.dumps(create("good")).encode()})
    job = {"provider": "mintegral", "account": "acme", "operation": "create_audience"}
    until(url, "audience_intake_age_seconds_count", 1, queue="audience:jobs")
    until(url, "audience_messages_rejected_total", 1, provider="other", category="invalid_job")
    until(url, "audience_jobs_failed_total", 1, account="acme", category="rejected_by_provider")
    until(url, "audience_events_published_total", 3)
    found = until(url, "audience_jobs_succeeded_total", 1, **job)

    assert found.value("audience_state_up") == found.value("audience_broker_up") == 1
    assert found.value("audience_jobs_accepted_total", outcome="new") == 3
    assert found.value("audience_attempts_total", **job, outcome="Succeeded") == 1
    assert found.value("audience_attempts_total", **job, outcome="Rejected") == 1
    assert found.value("audience_provider_requests_total", **job, outcome="2xx") == 1
    assert found.value("audience_provider_requests_total", **job, outcome="4xx") == 1
    assert found.value("audience_provider_request_duration_seconds_count", operation="create_audience") == 2
    assert found.value("audience_permits_total", account="acme", outcome="given") == 2
    assert found.value("audience_permit_wait_seconds_count", provider="mintegral") == 2
    assert found.value("audience_jobs", provider="mintegral", state="waiting") == 1
    assert found.value("audience_lane_waiting_jobs", provider="mintegral", account="globex") == 1
    assert found.value("audience_lane_waiting_jobs", provider="mintegral", account="acme") == 0
    assert found.value("audience_dead_letters", provider="mintegral") == 1
    assert found.value("audience_dead_letters", provider="rejected") == 1
    assert found.value("audience_queue_messages", queue="audience.results") >= 3
    assert found.value("audience_outbox_events") == 0
    assert found.value("audience_state_memory_bytes") > 0

    assert not [name for name in found.families if name.endswith("_created")]
    ours = {name for name in found.families if name.startswith("audience_")}
    assert {label for name in ours for label in found.labels(name)} <= LABELS
    assert "good" not in found.text
    promtool("check", "metrics", text=found.text)


def read_state(server: RedisServer) -> Scrape:
    """The gauges of a state store that no worker uses."""
    registry = CollectorRegistry()
    registry.register(Standing(server.url, queues_at(server.url), CONFIGS))
    return Scrape(generate_latest(registry).decode())


def test_pauses_breakers_limits_and_ages_are_those_of_the_lanes(redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        lanes = Lanes(client, "mintegral", CONFIGS["mintegral"], 30)
        lanes.configure()
        now_us = int(client.time()[0]) * 1_000_000
        key = "audience:{mintegral}:lane:"
        client.hset(f"{key}held", mapping={"held_until": now_us + 60_000_000})
        client.hset(f"{key}paused", mapping={"paused_until": now_us + 60_000_000})
        client.hset(f"{key}probing", mapping={"open_until": now_us - 1})
        spent = client.hget(f"{key}limited", "limits").split()[1].decode()
        client.hset(f"{key}limited", f"permit:{spent}", now_us + 5_000_000)
        client.hset(f"{key}burst", "permit:1000000:10", now_us + 5_000_000)
        client.zadd(f"{key}held:waiting:5/x", {"000000000001:one": now_us - 3_000_000})
        client.sadd(f"{key}held:rows", "5/x")
        client.xadd("audience:{rejected}:outbox", {"event": b"{}"}, id=f"{now_us // 1000 - 90_000}-0")
    found = read_state(redis_server)

    def lane(name: str, account: str) -> float:
        return found.value(f"audience_lane_{name}", provider="mintegral", account=account)

    assert [lane("paused", name) for name in ("held", "paused", "probing")] == [1, 1, 0]
    assert [lane("held", name) for name in ("held", "paused", "probing")] == [1, 0, 0]
    assert [lane("breaker_open", name) for name in ("held", "probing")] == [0, 1]
    assert lane("limit_use_ratio", "limited") == 1
    assert lane("limit_use_ratio", "burst") == pytest.approx(0.5, abs=0.11)
    assert lane("limit_requests_per_second", "limited") == pytest.approx(600 / 3600, rel=0.01)
    assert 3 <= lane("oldest_waiting_seconds", "held") < 10
    assert 90 <= found.value("audience_outbox_oldest_seconds", provider="rejected") < 100


def test_work_of_accounts_that_are_not_configured_has_one_label(redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        for name in ("gone", "lost"):
            client.hset(f"audience:{{mintegral}}:lane:{name}", "waiting", 2)
            client.zadd("audience:{mintegral}:lanes", {name: 1})
    found = read_state(redis_server)
    assert found.value("audience_lane_waiting_jobs", provider="mintegral", account="other") == 4
    assert "gone" not in found.text


def test_a_scrape_is_answered_while_the_state_store_is_out(
    tmp_path: Path, sandbox: Sandbox, own_redis: RedisServer
) -> None:
    deployment = Deployment(tmp_path, sandbox, own_redis.url, own_redis.url)
    env, url = metrics_port()
    try:
        deployment.wait_for_worker(deployment.start_worker(**env))
        assert scrape(url).value("audience_state_up") == 1
        with own_redis.hung():
            found = scrape(url)
        assert (found.value("audience_state_up"), found.value("audience_broker_up")) == (0, 0)
        assert "audience_lane_waiting_jobs" not in found.text
        own_redis.kill()
        assert scrape(url).value("audience_state_up") == 0
        own_redis.start()
        until(url, "audience_state_up", 1)
    finally:
        deployment.close()


@pytest.mark.parametrize(
    "command", [["celery", "-A", "workers.app", "flower"], ["workers.cli", "flower", "--"]], ids=["celery", "audience"]
)
def test_flowers_own_metrics_tell_how_the_state_stands(
    on_redis: Deployment, tmp_path: Path, command: list[str]
) -> None:
    port = str(free_port())
    env = {**on_redis.env, "FLOWER_PORT": port, "FLOWER_ADDRESS": "127.0.0.1"}
    flower = Process([sys.executable, "-m", *command, "--logging=warning"], tmp_path / "flower.log", env)
    try:
        found = served(f"http://127.0.0.1:{port}/metrics")
        assert found.value("audience_state_up") == 1
        assert "audience_lane_waiting_jobs" in found.families
        assert "audience_attempts" not in found.families  # it makes none
        assert any(name.startswith("flower_") for name in found.families)
    finally:
        flower.kill()


def test_a_state_that_hangs_does_not_hang_flower(tmp_path: Path, sandbox: Sandbox, own_redis: RedisServer) -> None:
    deployment = Deployment(tmp_path, sandbox, own_redis.url, own_redis.url)
    flower = FlowerServer(tmp_path, deployment.env)
    try:
        assert scrape(f"{flower.url}/metrics").value("audience_state_up") == 1
        with own_redis.hung():
            with ThreadPoolExecutor() as threads:
                scrapes = [
                    threads.submit(httpx.get, f"{flower.url}/metrics", timeout=9, trust_env=False) for _ in range(3)
                ]
                while not all(each.done() for each in scrapes):
                    assert httpx.get(f"{flower.url}/healthcheck", timeout=1, trust_env=False).text == "OK"
                answers = [each.result() for each in scrapes]
            assert {answer.status_code for answer in answers} == {200, 503}
            for answer in answers:
                if answer.status_code == httpx.codes.OK:
                    assert Scrape(answer.text).value("audience_state_up") == 0
                else:
                    assert "did not answer within 5 s" in answer.text
        wait_until(lambda: scrape(f"{flower.url}/metrics").value("audience_state_up") == 1, what="a state that is read")
    finally:
        flower.close()
        deployment.close()


def test_messages_on_rabbitmq_are_counted(
    tmp_path: Path, sandbox: Sandbox, redis_server: RedisServer, rabbit: RabbitNode
) -> None:
    deployment = Deployment(tmp_path, sandbox, rabbit.url, redis_server.url)
    env, url = metrics_port()
    try:
        worker = deployment.wait_for_worker(deployment.start_worker(**env, AUDIENCE_INTAKE="0"))
        submit(rabbit.url, create("one"), create("two"))
        found = until(url, "audience_queue_messages", 2, queue="audience.jobs")
        assert found.value("audience_broker_up") == 1
        assert worker.stop() == 0
        env, url = metrics_port()
        deployment.wait_for_worker(deployment.start_worker(**env))
        with pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", rabbit.port)) as strangers:
            an_hour_ago = pika.BasicProperties(timestamp=int(time.time()) - 3600)
            strangers.channel().basic_publish("", "audience.jobs", json.dumps(create("old")).encode(), an_hour_ago)
        found = until(url, "audience_intake_age_seconds_count", 1, queue="audience.jobs")
        assert found.value("audience_intake_age_seconds_sum", queue="audience.jobs") >= 3600
    finally:
        deployment.close()


def test_a_scrape_costs_a_bounded_number_of_commands(on_redis: Deployment, redis_server: RedisServer) -> None:
    env, url = metrics_port()
    on_redis.wait_for_worker(on_redis.start_worker(**env, AUDIENCE_INTAKE="0"))
    served(url)
    with redis_server.client() as client:
        submit(on_redis.broker_url, *(create(f"job-{n}") for n in range(100)))
        scrape(url)
        called = int(client.info("commandstats")["cmdstat_evalsha"]["calls"])
        began = time.perf_counter()
        found = scrape(url)
        took_s = time.perf_counter() - began
        assert int(client.info("commandstats")["cmdstat_evalsha"]["calls"]) - called <= 20  # of dispatchers, too
    assert found.value("audience_state_read_seconds") < took_s


def test_nothing_is_served_or_imported_by_default() -> None:
    program = "import sys, workers.app; sys.exit(any(n.startswith('workers.monitoring.metrics') for n in sys.modules))"
    env = {**os.environ, "AUDIENCE_BROKER_URL": "redis://127.0.0.1:1/0"}
    assert subprocess.run([sys.executable, "-c", program], env=env, check=False).returncode == 0


def test_a_port_that_is_taken_ends_the_worker_with_a_sentence(on_redis: Deployment) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        worker = on_redis.start_worker(AUDIENCE_METRICS_PORT=str(taken.getsockname()[1]))
        assert worker.popen.wait(30) == 2
    assert "each worker of one machine needs a port of its own" in worker.text()
    assert "Traceback" not in worker.text()
