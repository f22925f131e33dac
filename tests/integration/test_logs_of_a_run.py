"""Does a worker log what the page on logs says: one line an attempt, one a final event, with those keys?"""

from __future__ import annotations

from typing import Any

from logged import EVERY, documented, lines
from real import Deployment, RedisServer, Sandbox, wait_until

from audience_client import Producer


def create(name: str) -> dict[str, Any]:
    payload = {
        "ta_name": name,
        "area_type": 1,
        "platform": 1,
        "data_path": [{"device_type": 3, "data_path": "s3://bucket/devices.csv"}],
    }
    job = {"id": name, "provider": "mintegral", "account": "acme", "operation": "create_audience", "payload": payload}
    return {**job, "correlation_id": "c"}


def test_each_attempt_and_each_final_event_has_one_line_with_the_documented_keys(
    on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    worker = on_redis.wait_for_worker(on_redis.start_worker(AUDIENCE_LOG_LEVEL="DEBUG"))
    sandbox.fault(action="answer", name="again", times=1, status=429, headers={"Retry-After": "1"})
    sandbox.fault(action="answer", name="bad", times=1, status=400, body='{"code": 10000, "message": "no good"}')
    with Producer(on_redis.broker_url) as producer:
        for name in ("again", "bad", "good"):
            producer.submit(create(name))
    with redis_server.client() as client:
        client.lpush("audience.jobs", b"no job")
        wait_until(lambda: len(on_redis.events(client)) >= 4, 30, "every event")
        ids = sorted(event["id"] for event in on_redis.events(client))
    assert worker.stop() == 0
    logged = lines(worker.text())

    known = documented()
    ours = [line for line in logged if line["event"] in known]
    assert {"job.accepted", "attempt", "job.ended", "message.rejected"} <= {line["event"] for line in ours}
    assert [line for line in ours if line.keys() - EVERY != known[line["event"]]] == []
    assert [line["event"] for line in logged if line["event"] not in known and "logger" not in line] == []

    ends = [line.get("event_id") or line["id"] for line in logged if line["event"] in {"job.ended", "message.rejected"}]
    assert sorted(ends) == ids
    attempts = sorted((each["job_id"], each["outcome"]) for each in logged if each["event"] == "attempt")
    tried = [each for each in attempts if each[1] != "Postponed"]
    assert tried == [("again", "Succeeded"), ("again", "Throttled"), ("bad", "Rejected"), ("good", "Succeeded")]
    levels = {(each["outcome"], each["level"]) for each in logged if each["event"] == "attempt"}
    assert levels - {("Postponed", "debug")} == {("Succeeded", "debug"), ("Throttled", "info"), ("Rejected", "warning")}
    (bad,) = [line for line in logged if line["event"] == "job.ended" and line["job_id"] == "bad"]
    assert (bad["status"], bad["category"], bad["attempts"], bad["requests"]) == (
        "failed", "rejected_by_provider", 1, 1,
    )  # fmt: skip
