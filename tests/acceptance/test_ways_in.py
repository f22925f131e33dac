"""Is every message answered, whatever it is and whoever sends it? Clients that know nothing of this project."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import celery
import jsonschema
import kombu
import pika
import redis
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat
from real import Deployment, RedisServer, Sandbox, wait_until

from audience_client import Producer
from schemas.generate import files

MALFORMED = 300


def pika_url(url: str) -> str:
    return url.removesuffix("//") + "/%2F"


def job(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "provider": "mintegral",
        "account": "acme",
        "operation": "create_audience",
        "payload": {
            "ta_name": name,
            "area_type": 1,
            "platform": 1,
            "data_path": [{"device_type": 3, "data_path": "s3://bucket/devices.csv"}],
        },
        "correlation_id": "campaign-7",
        "metadata": {"team": "growth"},
    }


def malformed() -> list[bytes]:
    """Each different, so that each has a dead letter of its own."""
    whole = json.dumps(job("whole"))
    dice = random.Random(1)
    bodies = [
        b"",
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"id": "a", "id": "b"}',
        b"\xef\xbb\xbf{}",
        b'{"metadata": 1e999}',
        json.dumps(job("x") | {"metadata": {"pad": "x" * 300_000}}).encode(),
        json.dumps(job("x") | {"priority": "5"}).encode(),
        json.dumps(job("x") | {"surprise": 1}).encode(),
        json.dumps(job("x") | {"provider": "acme-ads"}).encode(),
        json.dumps(job("x") | {"operation": "delete_everything"}).encode(),
        json.dumps(job("x") | {"account": "nobody"}).encode(),
    ]
    while len(bodies) < MALFORMED:
        cut = dice.randrange(1, len(whole))
        bodies.append(whole[:cut].encode() + bytes(dice.randbytes(3)))
    return bodies


def send_as_a_stranger(deployment: Deployment, bodies: list[bytes]) -> None:
    """With pika to RabbitMQ, with LPUSH to Redis."""
    if deployment.broker_url.startswith("redis"):
        with redis.Redis.from_url(deployment.broker_url) as client:
            client.lpush("audience.jobs", *bodies)
        return
    with pika.BlockingConnection(pika.URLParameters(pika_url(deployment.broker_url))) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare("audience.jobs", durable=True, arguments={"x-queue-type": "quorum"})
        for body in bodies:
            properties = pika.BasicProperties(
                delivery_mode=2,
                headers={"task": "foreign", "n": 1, "compression": "gzip"},
                content_type="application/x-python-serialize",
                content_encoding="utf-7",
            )
            channel.basic_publish("", "audience.jobs", body, properties, mandatory=True)


def events_of_the_queue(broker_url: str, count: int) -> list[dict[str, Any]]:
    """Every event of the durable queue, read with kombu, as the SDK and the published schema see it."""
    validator = jsonschema.Draft202012Validator(json.loads(files()["event.schema.json"]))
    found: list[dict[str, Any]] = []

    def read(_: object, message: kombu.Message) -> None:
        assert message.content_type == "application/cloudevents+json"
        raw = message.body if isinstance(message.body, bytes) else message.body.encode()
        structured = HTTPMessage(headers={"content-type": message.content_type}, body=raw)
        event = from_structured_event(structured, JSONFormat())
        document = json.loads(raw)
        validator.validate(document)
        assert event.get_id() == document["id"]
        found.append(document)
        message.ack()

    with kombu.Connection(broker_url) as connection:
        queue = kombu.Queue("audience.results", no_declare=True)
        with connection.Consumer(queue, callbacks=[read], accept=["application/cloudevents+json"]):
            while len(found) < count:
                connection.drain_events(timeout=20)
    return found


def test_every_way_in_is_answered_and_bad_messages_stop_nobody(
    deployment: Deployment, redis_server: RedisServer
) -> None:
    bare_app = celery.Celery(broker=deployment.broker_url, set_as_current=False)
    bare_app.send_task("audience.submit", args=[job("by-celery")], queue="audience.submit")  # before any worker
    deployment.wait_for_worker(deployment.start_worker())
    bodies = malformed()
    send_as_a_stranger(deployment, bodies[: MALFORMED // 2])
    send_as_a_stranger(deployment, [json.dumps(job("bare"), indent=1).encode()])
    bare_app.send_task("audience.submit", args=["no job"], queue="audience.submit")
    bare_app.send_task("audience.submit", kwargs={"job": job("wrong")}, queue="audience.submit")
    with redis_server.client() as client:
        client.xadd("audience:jobs", {"job": json.dumps(job("by-stream"))})
        client.xadd("audience:jobs", {"payload": "no job field"})
    with Producer(deployment.broker_url) as producer:
        producer.submit(job("by-client"))
    send_as_a_stranger(deployment, bodies[MALFORMED // 2 :])
    send_as_a_stranger(deployment, [json.dumps(job("last")).encode()])

    events = events_of_the_queue(deployment.broker_url, 5 + MALFORMED + 3)
    by_type = Counter(event["type"] for event in events)
    assert by_type == {"audience.job.succeeded": 5, "audience.job.rejected": MALFORMED + 3}
    good = {event["subject"]: event for event in events if event["type"] == "audience.job.succeeded"}
    assert set(good) == {"by-celery", "bare", "by-stream", "by-client", "last"}
    assert good["bare"]["id"] == "mintegral/acme/bare/1"
    assert good["bare"]["data"]["correlation_id"] == "campaign-7"
    assert good["bare"]["data"]["metadata"] == {"team": "growth"}
    answered = {event["id"] for event in events}
    assert {f"rejected/{hashlib.sha256(body).hexdigest()}" for body in bodies} <= answered

    with redis_server.client() as client:
        kept = {client.hget(f"audience:{{rejected}}:dead:{sha256}", "body") for sha256 in
                (hashlib.sha256(body).hexdigest() for body in bodies)}  # fmt: skip
    assert kept == set(bodies)


def test_a_rejection_says_where_and_what_and_never_the_value(deployment: Deployment) -> None:
    deployment.wait_for_worker(deployment.start_worker())
    bad = job("order-1") | {"priority": 77, "surprise": "tell-nobody"}
    bad["payload"] |= {"platform": "tell-nobody", "ta_name": ""}
    send_as_a_stranger(deployment, [json.dumps(bad).encode()])
    (event,) = events_of_the_queue(deployment.broker_url, 1)
    places = {detail["pointer"]: detail["expected"] for detail in event["data"]["error"]["details"]}
    assert set(places) == {"/priority", "/surprise", "/payload/platform", "/payload/ta_name"}
    assert places["/priority"] == "a whole number from 0 to 9"
    assert "tell-nobody" not in json.dumps(event)
    assert event["data"]["job_id"] == "order-1"


def test_a_message_put_on_the_list_by_kombu_with_a_priority_is_read_too(
    tmp_path: Path, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    deployment = Deployment(tmp_path, sandbox, redis_server.url, redis_server.url)
    try:
        deployment.wait_for_worker(deployment.start_worker())
        with kombu.Connection(redis_server.url) as connection:
            producer = kombu.Producer(connection.channel())
            for priority in (0, 3, 9):
                producer.publish(json.dumps(job(f"p{priority}")), routing_key="audience.jobs", priority=priority)
        events = events_of_the_queue(redis_server.url, 3)
        assert {event["subject"] for event in events} == {"p0", "p3", "p9"}
    finally:
        deployment.close()


def test_the_same_bad_message_again_is_answered_again_and_counted_on_its_one_dead_letter(
    deployment: Deployment, redis_server: RedisServer
) -> None:
    deployment.wait_for_worker(deployment.start_worker())
    send_as_a_stranger(deployment, [b"bad"] * 3)
    events = events_of_the_queue(deployment.broker_url, 3)
    assert len({event["id"] for event in events}) == 1
    sha256 = hashlib.sha256(b"bad").hexdigest()
    with redis_server.client() as client:
        assert client.hget(f"audience:{{rejected}}:dead:{sha256}", "count") == b"3"
        assert client.zcard("audience:{rejected}:dead") == 1


def test_the_same_job_again_is_answered_with_the_same_event_and_no_second_call(
    deployment: Deployment, sandbox: Sandbox
) -> None:
    deployment.wait_for_worker(deployment.start_worker())
    first = json.dumps(job("order-1")).encode()
    again = json.dumps(job("order-1") | {"priority": 1, "metadata": {}}, indent=2).encode()
    other = json.loads(first)
    other["payload"]["platform"] = 2
    send_as_a_stranger(deployment, [first])
    (event,) = events_of_the_queue(deployment.broker_url, 1)
    send_as_a_stranger(deployment, [again])
    assert events_of_the_queue(deployment.broker_url, 1) == [event]
    send_as_a_stranger(deployment, [json.dumps(other).encode()])
    (conflict,) = events_of_the_queue(deployment.broker_url, 1)
    assert conflict["data"]["error"]["category"] == "conflicting_duplicate"
    assert conflict["data"]["job_id"] == "order-1"
    assert len(sandbox.audiences()["audiences"]) == 1


def envelope(body: bytes) -> bytes:
    return json.dumps({"body": base64.b64encode(body).decode(), "properties": {"body_encoding": "base64"}}).encode()


def test_a_dead_readers_claims_are_read_by_another(tmp_path: Path, sandbox: Sandbox, redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.hset("audience.jobs:readers", "dead", 1)  # last heard of in 1970
        client.lpush("audience.jobs:claims:dead", json.dumps(job("claimed")), envelope(b"bad"))
    deployment = Deployment(tmp_path, sandbox, redis_server.url, redis_server.url)
    try:
        deployment.wait_for_worker(deployment.start_worker())
        events = events_of_the_queue(redis_server.url, 2)
        assert {event["type"] for event in events} == {"audience.job.succeeded", "audience.job.rejected"}
        with redis_server.client() as client:
            wait_until(
                lambda: client.hexists("audience.jobs:readers", "dead") is False, what="a register without the dead"
            )
    finally:
        deployment.close()
