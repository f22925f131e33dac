"""Is a job one trace, from its producer to its event, over all processes that had a hand in it?"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from otlp import Collector
from real import Deployment, RedisServer, Sandbox, wait_until

from audience_client import Producer

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    yield server
    server.close()


def create(name: str, **other: Any) -> dict[str, Any]:
    payload = {
        "ta_name": name,
        "area_type": 1,
        "platform": 1,
        "data_path": [{"device_type": 3, "data_path": "s3://bucket/devices-7e1c.csv"}],
    }
    job = {"id": name, "provider": "mintegral", "account": "acme", "operation": "create_audience", "payload": payload}
    return {**job, **other}


def event_of(deployment: Deployment, server: RedisServer, job: dict[str, Any]) -> dict[str, Any]:
    with Producer(deployment.broker_url) as producer:
        producer.submit(job)
    with server.client() as client:
        found = wait_until(
            lambda: [each for each in deployment.events(client) if each["subject"] == job["id"]], 30, "its event"
        )
    assert found
    return found[0]


def attributes(span: Any) -> dict[str, Any]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def test_a_job_is_one_trace_over_all_processes(
    on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer, collector: Collector
) -> None:
    takes_in = on_redis.start_worker(**collector.env, AUDIENCE_PROVIDERS="pubmatic")
    executes = on_redis.start_worker(**collector.env, AUDIENCE_INTAKE="0")
    for worker in (takes_in, executes):
        on_redis.wait_for_worker(worker)
    sandbox.fault(action="answer", provider="mintegral", times=1, status=429, headers={"Retry-After": "1"})
    event = event_of(on_redis, redis_server, create("traced", traceparent=TRACEPARENT))
    wait_until(lambda: collector.named("event"), what="the event's span")
    wait_until(lambda: len(collector.named("attempt")) == 2, what="both attempts' spans")

    assert {span.trace_id.hex() for span in collector.spans()} == {TRACE}
    (intake,), waits, attempts = collector.named("intake"), collector.named("lane wait"), collector.named("attempt")
    (published,), requests = collector.named("event"), collector.named("POST")
    assert intake.parent_span_id.hex() == PARENT
    assert {span.parent_span_id for span in (*waits, *attempts, published)} == {intake.span_id}
    assert [span.parent_span_id for span in requests] == [span.span_id for span in attempts]
    assert event["traceparent"] == f"00-{TRACE}-{published.span_id.hex()}-01"

    assert [attributes(span)["audience.outcome"] for span in attempts] == ["Throttled", "Succeeded"]
    assert [attributes(span)["http.response.status_code"] for span in requests] == [429, 200]
    assert waits[1].end_time_unix_nano - waits[1].start_time_unix_nano > 0.9e9
    in_order = [intake, waits[0], attempts[0], requests[0], waits[1], attempts[1], requests[1], published]
    assert all(span.end_time_unix_nano >= span.start_time_unix_nano for span in in_order)
    assert attempts[1].end_time_unix_nano <= published.end_time_unix_nano

    secrets = [value for name, value in on_redis.env.items() if name.startswith(("P_", "MA_", "MK_"))]
    sent = b"".join(collector.raw)
    assert [each for each in (*secrets, "devices-7e1c") if each.encode() in sent] == []


def test_a_job_without_a_trace_begins_one_that_its_event_carries(
    on_redis: Deployment, redis_server: RedisServer, collector: Collector
) -> None:
    on_redis.wait_for_worker(on_redis.start_worker(**collector.env))
    event = event_of(on_redis, redis_server, create("alone"))
    wait_until(lambda: {"intake", "attempt", "event"} <= {span.name for span in collector.spans()}, what="its spans")
    (trace_id,) = {span.trace_id.hex() for span in collector.spans()}
    assert event["traceparent"].split("-")[1] == trace_id
    assert collector.named("intake")[0].parent_span_id == b""


def test_a_trace_that_its_producer_does_not_keep_is_not_kept_here(
    on_redis: Deployment, redis_server: RedisServer, collector: Collector
) -> None:
    on_redis.wait_for_worker(on_redis.start_worker(**collector.env))
    event = event_of(on_redis, redis_server, create("unkept", traceparent=TRACEPARENT[:-2] + "00"))
    assert event["traceparent"].startswith(f"00-{TRACE}-")
    assert event["traceparent"].endswith("-00")
    event_of(on_redis, redis_server, create("kept", traceparent=TRACEPARENT))
    wait_until(lambda: collector.named("event"), what="the kept one's span")
    assert {attributes(span).get("audience.job_id", "kept") for span in collector.spans()} == {"kept"}


def test_without_traces_the_event_carries_what_the_producer_gave(
    on_redis: Deployment, redis_server: RedisServer
) -> None:
    on_redis.wait_for_worker(on_redis.start_worker())
    assert event_of(on_redis, redis_server, create("given", traceparent=TRACEPARENT))["traceparent"] == TRACEPARENT
    assert "traceparent" not in event_of(on_redis, redis_server, create("none"))


def test_a_collector_that_is_out_costs_no_job(on_redis: Deployment, redis_server: RedisServer) -> None:
    env = {"AUDIENCE_TRACES": "1", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_BSP_SCHEDULE_DELAY": "50"}
    worker = on_redis.wait_for_worker(on_redis.start_worker(**env))
    assert event_of(on_redis, redis_server, create("dropped"))["type"] == "audience.job.succeeded"
    assert worker.stop() == 0


# redis-py imports OpenTelemetry's metrics by itself, wherever they are installed.
LOADED = """
import sys, workers.app
ours = ('opentelemetry.sdk.trace', 'opentelemetry.exporter', 'workers.monitoring.traces')
sys.exit(any(name.startswith(ours) for name in sys.modules))
"""
MISSING = """
import sys
sys.modules['opentelemetry.context'] = None  # as where it is not installed
import workers.app
workers.app._or_end(workers.app._send_spans)
"""


def test_nothing_of_it_is_imported_by_default() -> None:
    env = {**os.environ, "AUDIENCE_BROKER_URL": "redis://127.0.0.1:1/0"}
    assert subprocess.run([sys.executable, "-c", LOADED], env=env, check=False).returncode == 0


def test_without_the_extra_a_sentence_says_what_to_install() -> None:
    env = {**os.environ, "AUDIENCE_BROKER_URL": "redis://127.0.0.1:1/0"}
    done = subprocess.run([sys.executable, "-c", MISSING], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.strip() == "AUDIENCE_TRACES needs OpenTelemetry: pip install 'audience-workers[traces]'"
