"""Does the service keep its word while it works: limits, pauses, lost answers, Celery's events, secrets, shutdown?"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import celery
import pytest
from real import Deployment, RedisServer, Sandbox, wait_until

from audience_client import Producer


def create(name: str, account: str = "acme", **other: Any) -> dict[str, Any]:
    payload = {
        "ta_name": name,
        "area_type": 1,
        "platform": 1,
        "data_path": [{"device_type": 3, "data_path": "s3://bucket/devices.csv"}],
    }
    return {
        "id": name,
        "provider": "mintegral",
        "account": account,
        "operation": "create_audience",
        "payload": payload,
        **other,
    }


def submit(deployment: Deployment, *jobs: dict[str, Any]) -> None:
    with Producer(deployment.broker_url) as producer:
        for job in jobs:
            producer.submit(job)


def events(deployment: Deployment, server: RedisServer, count: int, timeout_s: float = 30.0) -> dict[str, Any]:
    """So many events, by the id of their job."""
    with server.client() as client:
        found = wait_until(
            lambda: len(seen := deployment.events(client)) >= count and seen, timeout_s, f"{count} events"
        )
    assert found
    return {event["subject"]: event for event in found}


def requests(sandbox: Sandbox, **match: Any) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = sandbox.ledger()["entries"]
    return [entry for entry in entries if all(entry[key] == value for key, value in match.items())]


def test_a_limit_holds_for_every_request_of_all_workers_together(
    tmp_path: Path, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    deployment = Deployment(tmp_path, sandbox, redis_server.url, redis_server.url, limits='limits = ["20/s"]')
    try:
        for _ in range(2):
            deployment.wait_for_worker(deployment.start_worker())
        submit(deployment, *(create(f"a{n}") for n in range(80)), *(create(f"g{n}", "globex") for n in range(80)))
        events(deployment, redis_server, 160)
    finally:
        deployment.close()
    for account in ("acme", "globex"):
        at = sorted(entry["at_monotonic"] for entry in requests(sandbox, account=account))
        assert len(at) == 80
        tolerance_s = 0.02
        fullest = max(sum(start <= other < start + 1 - tolerance_s for other in at) for start in at)
        assert fullest <= 20
        assert at[-1] - at[0] < 80 / 20 * 1.5  # and the full rate is nearly reached


def test_a_retry_after_pauses_the_whole_account_in_every_worker_and_spends_no_attempt(
    on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    for _ in range(2):
        on_redis.wait_for_worker(on_redis.start_worker())
    sandbox.fault(
        action="answer", provider="mintegral", account="acme", times=1, status=429, headers={"Retry-After": "2"}
    )
    submit(on_redis, create("first"))
    wait_until(lambda: requests(sandbox, status=429), what="a throttled request")
    throttled_at = requests(sandbox, status=429)[0]["at_monotonic"]
    submit(on_redis, *(create(f"job-{n}") for n in range(10)), create("quiet", "globex"))
    found = events(on_redis, redis_server, 12)
    after = [entry["at_monotonic"] - throttled_at for entry in requests(sandbox, account="acme", status=200)]
    assert len(after) == 11
    assert min(after) >= 2.0
    (quiet,) = requests(sandbox, account="globex")
    assert quiet["at_monotonic"] - throttled_at < 2.0
    assert {event["data"]["attempts"] for event in found.values()} == {1}
    assert found["first"]["data"]["requests"] == 2


@pytest.mark.parametrize("action", ["commit_then_hang", "commit_then_reset", "commit_then_truncate"])
def test_a_create_whose_answer_was_lost_is_found_and_not_sent_again(
    on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer, action: str
) -> None:
    on_redis.wait_for_worker(on_redis.start_worker())
    sandbox.fault(action=action, provider="mintegral", method="POST", times=1)
    submit(on_redis, create("once"))
    event = events(on_redis, redis_server, 1)["once"]
    assert event["type"] == "audience.job.succeeded"
    assert event["data"]["result"]["already_existed"] is False
    assert "a look-up found that" in event["data"]["warnings"][0]
    assert len(sandbox.audiences()["audiences"]) == 1
    assert len(requests(sandbox, method="POST")) == 1


def test_a_create_that_was_surely_not_applied_is_sent_again(
    on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    on_redis.wait_for_worker(on_redis.start_worker())
    sandbox.fault(action="reset", provider="mintegral", method="POST", times=1)
    submit(on_redis, create("twice"))
    event = events(on_redis, redis_server, 1, 60)["twice"]
    assert event["type"] == "audience.job.succeeded"
    assert event["data"]["attempts"] == 2
    assert len(sandbox.audiences()["audiences"]) == 1


def test_times_and_priorities_of_jobs_are_kept(
    on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    on_redis.wait_for_worker(on_redis.start_worker())
    soon = time.time() + 1.5
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(soon)) + f".{round(soon % 1 * 1000):03}Z"
    submit(
        on_redis,
        create("later", not_before=moment),
        create("past", expires_at="2020-01-01T00:00:00Z"),
        create("too-late", not_before="2100-01-01T00:00:00+01:00", expires_at=moment),
    )
    found = events(on_redis, redis_server, 3)
    assert found["past"]["data"]["error"]["category"] == "expired"
    assert found["too-late"]["data"]["error"]["category"] == "expired"
    assert found["later"]["type"] == "audience.job.succeeded"
    (request,) = requests(sandbox, provider="mintegral")
    assert request["at"] >= soon - 0.001


class Events:
    """Celery's own events, as Flower asks for them and receives them."""

    def __init__(self, broker_url: str) -> None:
        self.app = celery.Celery(broker=broker_url, set_as_current=False)
        self.seen: list[dict[str, Any]] = []
        self._connection = self.app.connection()
        self._receiver = self.app.events.Receiver(self._connection, handlers={"*": self.seen.append})
        self._thread = threading.Thread(target=self._receiver.capture, kwargs={"wakeup": True}, daemon=True)
        self._thread.start()

    def ask(self) -> None:
        """Workers send none of their tasks unasked."""
        wait_until(lambda: self.seen, what="the worker's first heartbeat")
        assert self.app.control.enable_events(reply=True)

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in list(self.seen) if event["type"] == kind]

    def close(self) -> None:
        self._receiver.should_stop = True
        self._thread.join(5)
        self._connection.release()


def test_celerys_events_tell_what_became_of_each_job(
    on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    watch = Events(redis_server.url)
    try:
        on_redis.wait_for_worker(on_redis.start_worker())
        watch.ask()
        sandbox.fault(action="answer", name="again", times=1, status=429, headers={"Retry-After": "1"})
        sandbox.fault(action="answer", name="bad", times=1, status=400, body='{"code": 10000, "message": "no good"}')
        submit(on_redis, create("again"))
        events(on_redis, redis_server, 1)
        submit(on_redis, create("bad"), create("good"))
        events(on_redis, redis_server, 3)
        wait_until(lambda: len(watch.of_kind("task-succeeded")) >= 2, what="two successes")
        wait_until(lambda: watch.of_kind("task-failed"), what="a failure")
        received = {event["uuid"]: event for event in watch.of_kind("task-received")}
        (retried,) = watch.of_kind("task-retried")
        (failed,) = watch.of_kind("task-failed")
        assert "'again'" in received[retried["uuid"]]["args"]
        assert retried["uuid"] in {event["uuid"] for event in watch.of_kind("task-succeeded")}
        assert failed["exception"] == "JobFailed('rejected_by_provider: no good')"
        assert {event["name"] for event in received.values()} == {"mintegral.create_audience"}
    finally:
        watch.close()


def test_no_secret_is_seen_anywhere(on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer) -> None:
    watch = Events(redis_server.url)
    secrets = [value for name, value in on_redis.env.items() if name.startswith(("P_", "MA_", "MK_"))]
    device = "s3://bucket/devices-7e1c.csv"
    try:
        worker = on_redis.wait_for_worker(on_redis.start_worker())
        watch.ask()
        leak = " ".join([*secrets, "said the provider"])
        sandbox.fault(action="answer", times=2, status=400, body=json.dumps({"code": 10000, "message": leak}))
        job = create("leaky")
        job["payload"]["data_path"][0]["data_path"] = device
        submit(on_redis, job)
        event = events(on_redis, redis_server, 1)["leaky"]
        assert "said the provider" in event["data"]["error"]["message"]
        wait_until(lambda: watch.of_kind("task-failed"), what="a failure")
        with redis_server.client() as client:
            client.config_set("rdbcompression", "no")  # compressed, a secret would not be found
            kept = b"".join(client.dump(key) or b"" for key in client.scan_iter("*")).decode("latin1")
        assert "said the provider" in kept
        own = secrets[2::3] + secrets[1::3]
        for seen in (worker.text(), json.dumps(event), json.dumps(watch.seen, default=str), kept):
            assert not [secret for secret in own if secret.endswith("-acme") and secret in seen]
        assert device not in worker.text()
        assert device not in json.dumps(watch.seen, default=str)
    finally:
        watch.close()


def test_an_idle_worker_leaves_within_five_seconds(on_redis: Deployment) -> None:
    worker = on_redis.wait_for_worker(on_redis.start_worker())
    began = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
def test_the_last_worker_publishes_what_its_last_jobs_left(
    tmp_path: Path, redis_server: RedisServer, broker: str, request: pytest.FixtureRequest
) -> None:
    sandbox = Sandbox(tmp_path, "--latency-ms", "1000")
    url = redis_server.url if broker == "redis" else request.getfixturevalue("rabbit").url
    deployment = Deployment(tmp_path, sandbox, url, redis_server.url)
    try:
        worker = deployment.wait_for_worker(deployment.start_worker())
        submit(deployment, *(create(f"job-{n}") for n in range(3)))
        wait_until(lambda: len(requests(sandbox, method="POST")) == 3, what="three requests in flight")
        assert worker.stop() == 0
        with redis_server.client() as client:
            assert {event["subject"] for event in deployment.events(client)} == {"job-0", "job-1", "job-2"}
    finally:
        deployment.close()
        sandbox.close()


def test_a_deploy_in_the_middle_of_jobs_sends_none_twice(tmp_path: Path, redis_server: RedisServer) -> None:
    sandbox = Sandbox(tmp_path, "--latency-ms", "200")
    deployment = Deployment(tmp_path, sandbox, redis_server.url, redis_server.url)
    try:
        old = deployment.wait_for_worker(deployment.start_worker())
        submit(deployment, *(create(f"job-{n}") for n in range(60)))
        events(deployment, redis_server, 10)
        deployment.start_worker()
        assert old.stop() == 0
        found = events(deployment, redis_server, 60)
        assert {event["data"]["attempts"] for event in found.values()} == {1}
        assert len(requests(sandbox, method="POST")) == 60
    finally:
        deployment.close()
        sandbox.close()


def test_an_outage_is_logged_once_and_survived(tmp_path: Path, sandbox: Sandbox, own_redis: RedisServer) -> None:
    deployment = Deployment(tmp_path, sandbox, own_redis.url, own_redis.url)
    try:
        worker = deployment.wait_for_worker(deployment.start_worker())
        own_redis.kill()
        before = 10  # three ways in, two dispatchers that listen and look, three publishers
        wait_until(lambda: worker.text().count('"loop.waiting"') == before, what="loops that wait")
        wait_until(lambda: worker.text().count("Trying again in") >= 2, 30, "Celery's second try")
        assert worker.text().count('"loop.waiting"') == before
        own_redis.start()
        wait_until(lambda: worker.text().count('"loop.recovered"') == before, 30, "loops that go on")
        submit(deployment, create("after"))
        assert events(deployment, own_redis, 1)["after"]["type"] == "audience.job.succeeded"
    finally:
        deployment.close()
