"""What do lanes do to many jobs when a token is wrong, the store is full, or a worker is replaced in the middle?"""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from real import Deployment, RabbitNode, RedisServer, Sandbox, wait_until
from test_execution import create, events, requests, submit


def waiting(redis_server: RedisServer, provider: str = "mintegral") -> int:
    with redis_server.client() as client:
        return int(client.hget(f"audience:{{{provider}}}:lane:*", "waiting") or 0)


def test_with_a_wrong_token_few_of_a_thousand_die_and_the_rest_succeed_once_it_is_right(
    tmp_path: Path, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    key = tmp_path / "api-key"
    key.write_text("wrong")
    deployment = Deployment(tmp_path, sandbox, redis_server.url, redis_server.url)
    text = deployment.config.read_text().replace('{ env = "MK_acme" }', f'{{ file = "{key}" }}')
    deployment.config.write_text(text + "\n[mintegral.retry]\nbreaker_open_s = 0.5\nbreaker_open_cap_s = 1.0\n")
    try:
        worker = deployment.wait_for_worker(deployment.start_worker())
        submit(deployment, *(create(f"job-{number}") for number in range(1000)))
        wait_until(lambda: worker.text().count('"AuthFailed"') > 15, 60, what="a breaker that opened and probed")
        key.write_text(deployment.env["MK_acme"])
        ended = Counter(event["data"]["status"] for event in events(deployment, redis_server, 1000, 120).values())
    finally:
        deployment.close()
    assert 5 <= ended["failed"] <= 20
    assert ended["succeeded"] == 1000 - ended["failed"]


@pytest.mark.parametrize("kind", ["redis", "rabbitmq"])
def test_above_the_mark_the_broker_holds_the_rest_and_every_job_is_done_in_the_end(
    tmp_path: Path, sandbox: Sandbox, redis_server: RedisServer, request: pytest.FixtureRequest, kind: str
) -> None:
    rabbit: RabbitNode | None = request.getfixturevalue("rabbit") if kind == "rabbitmq" else None
    broker_url = redis_server.url if rabbit is None else rabbit.url
    deployment = Deployment(tmp_path, sandbox, broker_url, redis_server.url, limits='limits = ["100/s"]')
    try:
        worker = deployment.wait_for_worker(deployment.start_worker(AUDIENCE_MAX_WAITING_JOBS="20"))
        moment = "2030-01-01T00:00:00Z"
        submit(deployment, *(create(f"later-{number}", not_before=moment) for number in range(20)))
        wait_until(lambda: waiting(redis_server) == 20, what="a full store")
        wait_until(lambda: "intake.full" in worker.text(), what="an intake that stopped")
        submit(deployment, *(create(f"job-{number}") for number in range(300)))
        assert not deployment.events(redis_server.client())
        with redis_server.client() as client:
            for member in client.zrange("audience:{mintegral}:lane:acme:waiting:5/create_audience", 0, -1):
                client.zadd("audience:{mintegral}:lane:acme:waiting:5/create_audience", {member: 0})
            client.zadd("audience:{mintegral}:lanes", {"acme": 0})
        assert len(events(deployment, redis_server, 320, 60)) == 320
        assert worker.text().count("intake.full") < 50
        assert "intake.goes_on" in worker.text()
    finally:
        deployment.close()


def test_a_worker_that_is_replaced_in_the_middle_of_a_thousand_jobs_delays_none_and_sends_none_twice(
    tmp_path: Path, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    deployment = Deployment(tmp_path, sandbox, redis_server.url, redis_server.url, limits='limits = ["150/s"]')
    deployment.env["AUDIENCE_LEASE_S"] = "600"  # a lease that nobody returned would outlast the test
    try:
        old = deployment.wait_for_worker(deployment.start_worker(AUDIENCE_CONCURRENCY="8"))
        submit(deployment, *(create(f"job-{number}") for number in range(1000)))
        wait_until(lambda: len(deployment.events(redis_server.client())) > 200, what="jobs on their way")
        assert old.stop() == 0
        with redis_server.client() as client:
            lying = client.zcard("audience:{mintegral}:handed")
            assert client.zcard("audience:{mintegral}:running") == 0
        deployment.wait_for_worker(deployment.start_worker())
        found = events(deployment, redis_server, 1000, 90)
    finally:
        deployment.close()
    assert {event["data"]["status"] for event in found.values()} == {"succeeded"}
    sent = Counter(entry["name"] for entry in requests(sandbox, method="POST"))
    assert len(sent) == 1000
    assert set(sent.values()) == {1}, f"{lying} jobs lay with the worker"


def test_a_job_that_kills_its_workers_dies_with_its_history(
    tmp_path: Path, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    """A create was on the wire when the last worker was lost: ``outcome_unknown``, for something may be there."""
    deployment = Deployment(tmp_path, sandbox, redis_server.url, redis_server.url)
    deployment.env["AUDIENCE_REQUEST_TIMEOUT_S"] = "1"
    sandbox.fault(action="hang", provider="mintegral", times=1000)
    try:
        worker = deployment.wait_for_worker(deployment.start_worker())
        submit(deployment, create("poison"))
        wait_until(lambda: requests(sandbox), what="a request on the wire")
        with redis_server.client() as client:  # four other workers were lost with it before
            client.hset("audience:{mintegral}:job:acme/poison", "rescues", 4)
        worker.kill()
        deployment.wait_for_worker(deployment.start_worker())
        event = events(deployment, redis_server, 1, 60)["poison"]
        assert event["data"]["error"]["category"] == "outcome_unknown"
        with redis_server.client() as client:
            history: Any = client.hget("audience:{mintegral}:dead:acme/poison/1", "history")
        assert "worker was lost" in json.loads(history.splitlines()[-1])["message"]
    finally:
        deployment.close()


def test_a_long_list_under_a_slow_limit_holds_no_worker_while_it_waits_and_reads_no_page_twice(
    tmp_path: Path, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    audience = {"accountType": "BUYER", "accountId": 7, "dataProviderId": 383, "name": "p", "providerAudienceId": "p"}
    sandbox.preset(provider="pubmatic", audience=audience, count=450)
    deployment = Deployment(tmp_path, sandbox, redis_server.url, redis_server.url, limits='limits = ["1/s"]')
    job = {
        "id": "all",
        "provider": "pubmatic",
        "account": "acme",
        "operation": "list_audiences",
        "payload": {"accountType": "BUYER", "accountId": 7},
    }
    looks: list[bool] = []
    try:
        deployment.wait_for_worker(deployment.start_worker())
        submit(deployment, job)
        with redis_server.client() as client:
            wait_until(lambda: requests(sandbox), what="the first page")

            def is_done() -> bool:
                looks.append(client.zcard("audience:{pubmatic}:running") == 0)
                return bool(deployment.events(client))

            wait_until(is_done, 120, "the job's event")
        data = events(deployment, redis_server, 1)["all"]["data"]
    finally:
        deployment.close()
    assert (data["attempts"], data["requests"], len(data["result"]["audiences"])) == (1, 5, 450)
    assert sum(looks) > 50, "the job was running nearly all the time"


def test_between_a_look_and_the_create_it_allows_no_worker_is_held_by_a_slow_limit(
    tmp_path: Path, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    sandbox.fault(action="hang", provider="mintegral", method="POST", times=1)
    deployment = Deployment(tmp_path, sandbox, redis_server.url, redis_server.url, limits='limits = ["10/min"]')
    deployment.env["AUDIENCE_REQUEST_TIMEOUT_S"] = "1"
    ran_s = [0.0]
    try:
        deployment.wait_for_worker(deployment.start_worker())
        submit(deployment, create("lost"))
        with redis_server.client() as client:
            idle_at = [time.monotonic()]

            def is_done() -> bool:
                if not client.zcard("audience:{mintegral}:running"):
                    idle_at.append(time.monotonic())
                ran_s.append(time.monotonic() - idle_at[-1])
                return bool(deployment.events(client))

            wait_until(is_done, 120, "the job's event")
        data = events(deployment, redis_server, 1)["lost"]["data"]
    finally:
        deployment.close()
    sent = [entry["method"] for entry in requests(sandbox)]
    assert (sent[0], sent[-1], sent.count("POST")) == ("POST", "POST", 2)
    assert (data["status"], data["requests"]) == ("succeeded", len(sent))
    assert max(ran_s) < 3, "two permits are six seconds apart"
