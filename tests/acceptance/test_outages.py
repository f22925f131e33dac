"""What is left after something was lost: a broker's keys, the state, an account, a task, a whole event?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import celery
import kombu
import pytest
from real import Deployment, RabbitNode, RedisServer, Sandbox, wait_until
from test_execution import create, events, requests, submit


def on_the_queue(broker_url: str, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with kombu.Connection(broker_url) as connection:
        queue = connection.SimpleQueue(kombu.Queue("audience.results", no_declare=True), serializer=None)
        while len(found) < count:
            message = queue.get(timeout=20)
            raw = message.body
            found.append(json.loads(raw))
            message.ack()
    return found


def test_a_broker_that_lost_its_keys_gets_every_event_all_the_same(
    tmp_path: Path, sandbox: Sandbox, redis_server: RedisServer, own_redis: RedisServer
) -> None:
    deployment = Deployment(tmp_path, sandbox, own_redis.url, redis_server.url)
    try:
        deployment.wait_for_worker(deployment.start_worker())
        submit(deployment, create("before"))
        assert on_the_queue(own_redis.url, 1)[0]["subject"] == "before"
        with own_redis.client() as client:
            client.flushall()
        submit(deployment, create("after"))
        assert on_the_queue(own_redis.url, 1)[0]["subject"] == "after"
    finally:
        deployment.close()


def test_after_the_loss_of_all_state_new_jobs_are_executed_within_their_limits(
    tmp_path: Path, sandbox: Sandbox, own_redis: RedisServer
) -> None:
    deployment = Deployment(tmp_path, sandbox, own_redis.url, own_redis.url, limits='limits = ["4/s"]')
    try:
        deployment.wait_for_worker(deployment.start_worker())
        submit(deployment, create("before"))
        events(deployment, own_redis, 1)
        with own_redis.client() as client:
            client.flushall()
        submit(deployment, *(create(f"job-{n}") for n in range(9)))
        assert len(events(deployment, own_redis, 9)) == 9
    finally:
        deployment.close()
    at = sorted(entry["at_monotonic"] for entry in requests(sandbox, method="POST"))[1:]
    assert at[-1] - at[0] > 8 / 4 * 0.95


def test_a_lost_answer_is_not_forgotten_while_the_broker_is_out(
    tmp_path: Path, sandbox: Sandbox, redis_server: RedisServer, rabbit: RabbitNode
) -> None:
    deployment = Deployment(tmp_path, sandbox, rabbit.url, redis_server.url)
    try:
        worker = deployment.wait_for_worker(deployment.start_worker())
        sandbox.fault(action="commit_then_reset", provider="mintegral", method="POST", times=1)
        submit(deployment, create("once"))
        wait_until(lambda: '"look": true' in worker.text(), what="a lost answer")
        rabbit.stop()
        wait_until(lambda: '"loop.waiting"' in worker.text(), what="a worker without a broker")
        rabbit.start()
        event = events(deployment, redis_server, 1, 60)["once"]
        assert event["type"] == "audience.job.succeeded"
        assert len(sandbox.audiences()["audiences"]) == 1
    finally:
        deployment.close()


def test_a_job_that_is_revoked_in_flower_ends_as_cancelled(on_redis: Deployment, redis_server: RedisServer) -> None:
    worker = on_redis.wait_for_worker(on_redis.start_worker(AUDIENCE_LOG_LEVEL="DEBUG"))
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3))
    submit(on_redis, create("stopped", not_before=moment))
    wait_until(lambda: "job.accepted" in worker.text(), what="the job in its lane")
    app = celery.Celery(broker=redis_server.url, set_as_current=False)
    app.control.revoke(_task_id("mintegral/acme/stopped/1"))
    event = events(on_redis, redis_server, 1)["stopped"]
    assert event["data"]["error"]["category"] == "cancelled"


def _task_id(event_id: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, event_id))


def test_a_job_of_an_account_that_is_no_longer_configured_is_answered(
    on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    worker = on_redis.wait_for_worker(on_redis.start_worker())
    sandbox.fault(action="answer", provider="mintegral", times=1, status=429, headers={"Retry-After": "3"})
    submit(on_redis, create("orphan"))
    wait_until(lambda: '"Throttled"' in worker.text(), what="a paused lane")
    worker.stop()
    text = on_redis.config.read_text()
    on_redis.config.write_text(text.replace("[mintegral.accounts.acme]", "[mintegral.accounts.renamed]"))
    on_redis.wait_for_worker(on_redis.start_worker())
    event = events(on_redis, redis_server, 1)["orphan"]
    assert event["data"]["error"]["category"] == "internal"
    assert "no longer configured" in event["data"]["error"]["message"]


def test_what_no_event_could_carry_is_cut_where_it_is_a_list_and_answered_where_it_is_not(
    on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    worker = on_redis.wait_for_worker(on_redis.start_worker())
    payload = {
        "accountType": "PUBLISHER",
        "accountId": 27332341,
        "name": "Big",
        "description": "x" * 1000,
        "definition": "y" * 1000,
        "dataProviderId": "383",
        "providerAudienceId": "big",
    }
    sandbox.preset(provider="pubmatic", audience=payload, count=4000)
    owner = {"accountType": "PUBLISHER", "accountId": 27332341}
    sandbox.fault(
        action="answer", path="/v1/audience/audiences/1", status=200, body={"id": 1, "description": "z" * 9_000_000}
    )
    job = {"id": "all", "provider": "pubmatic", "account": "acme", "operation": "list_audiences", "payload": owner}
    one = {"id": "one", "operation": "get_audience", "payload": owner | {"audienceId": 1}}
    submit(on_redis, job, job | {"id": "some", "payload": owner | {"max_items": 10}}, job | one)
    found = events(on_redis, redis_server, 3)
    whole = found["all"]["data"]["result"]
    assert (whole["truncated"], whole["total"]) == (True, 4000)
    assert 2000 < len(whole["audiences"]) < 4000
    assert "what one event can carry" in found["all"]["data"]["warnings"][0]
    assert len(found["some"]["data"]["result"]["audiences"]) == 10
    assert found["one"]["data"]["error"]["category"] == "internal"
    assert "larger than an event may be" in found["one"]["data"]["error"]["message"]
    (line,) = [each for each in worker.text().splitlines() if '"job.ended"' in each and '"job_id": "one"' in each]
    assert '"category": "internal"' in line  # nothing tells of a success that became none


def test_a_worker_leaves_within_its_grace_whatever_is_in_flight(on_redis: Deployment, sandbox: Sandbox) -> None:
    worker = on_redis.wait_for_worker(
        on_redis.start_worker(AUDIENCE_SHUTDOWN_GRACE_S="1", AUDIENCE_REQUEST_TIMEOUT_S="30")
    )
    sandbox.fault(action="hang", provider="mintegral", times=1)
    submit(on_redis, create("hanging"))
    wait_until(lambda: requests(sandbox, provider="mintegral"), what="a request in flight")
    began = time.monotonic()
    worker.stop()
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("name", ["AUDIENCE_BROKER_URL", "AUDIENCE_REDIS_URL"])
@pytest.mark.parametrize("url", ["redis://:s3cretP4ss/abc@h", "amqp://u:s3cretP4ss#x@h//", "redis://:s3cretP4ss?x@h/0"])
def test_a_url_that_cannot_be_read_is_never_quoted(name: str, url: str) -> None:
    for command in (["-m", "workers.cli", "worker"], ["-m", "celery", "-A", "workers.app", "worker"]):
        done = subprocess.run(
            [sys.executable, *command],
            env={**os.environ, name: url},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode != 0
        assert "s3cret" not in done.stdout + done.stderr
        assert "percent-encode" in done.stderr


@pytest.mark.parametrize("command", ["worker", "flower"])
def test_settings_that_cannot_work_end_celerys_own_commands_with_a_sentence(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "workers.app", command],
        env={**os.environ, "AUDIENCE_BROKER_URL": "amqp://127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "set AUDIENCE_REDIS_URL too" in done.stderr
    assert "Traceback" not in done.stderr
