"""What can a stranger do at the queues? Pickle, YAML, msgpack nonsense on each of them, and forged tasks."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import celery
import kombu
import pytest
import redis
from command import example
from logged import lines
from real import Deployment, Process, RedisServer, wait_until

REMOTE_CONTROL = kombu.Exchange("celery.pidbox", "fanout", durable=False)


class Bomb:
    """Whoever unpickles it makes a folder."""

    def __init__(self, at: Path) -> None:
        self._at = str(at)

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (self._at,)


@dataclass(frozen=True)
class Foreign:
    """What no JSON reader may read: a call of a task that, were it read by its content type, makes a folder."""

    content_type: str
    encoding: str
    body: bytes


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """The folder that must not come to be."""
    return tmp_path / "made"


@pytest.fixture
def foreign(made: Path) -> list[Foreign]:
    call = f'[[!!python/object/apply:os.mkdir ["{made}"]], {{}}, {{}}]'
    return [
        *(
            Foreign("application/x-python-serialize", "binary", pickle.dumps(([Bomb(made)], {}, {}), protocol))
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
        ),
        Foreign("application/x-yaml", "utf-8", call.encode()),
        Foreign("application/x-msgpack", "binary", b"\x93\x91\xa4bomb\x80\x80"),  # [["bomb"], {}, {}]
    ]


def test_what_the_pickles_would_do(foreign: list[Foreign], made: Path) -> None:
    pickle.loads(foreign[0].body)  # noqa: S301 - so that the other tests mean something
    assert made.is_dir()


def publish(
    deployment: Deployment, foreign: Foreign, exchange: str | kombu.Exchange, routing_key: str, task: str
) -> None:
    """By kombu, with the headers of a Celery task."""
    headers = {"task": task, "id": hashlib.sha256(foreign.body).hexdigest(), "lang": "py", "root_id": None}
    with kombu.Connection(deployment.broker_url) as connection:
        connection.Producer().publish(
            foreign.body, exchange=exchange, routing_key=routing_key, headers=headers,
            content_type=foreign.content_type, content_encoding=foreign.encoding,
            declare=[exchange] if isinstance(exchange, kombu.Exchange) else [],
        )  # fmt: skip


def by_every_way_in(deployment: Deployment, foreign: Foreign, server: RedisServer) -> int:
    """How often it was sent."""
    publish(deployment, foreign, "", "audience.jobs", "audience.submit")
    publish(deployment, foreign, "", "audience.submit", "audience.submit")
    with server.client() as client:
        client.xadd("audience:jobs", {"job": foreign.body})
        if not deployment.broker_url.startswith("redis"):
            return 3
        client.lpush("audience.jobs", foreign.body)
        client.lpush("audience.submit", foreign.body)
        return 5


def test_no_way_in_unpickles_and_each_message_is_answered(
    deployment: Deployment, redis_server: RedisServer, foreign: list[Foreign], made: Path
) -> None:
    worker = deployment.wait_for_worker(deployment.start_worker())
    sent = sum(by_every_way_in(deployment, each, redis_server) for each in foreign)
    with redis_server.client() as client:
        events = wait_until(lambda: len(found := deployment.events(client)) >= sent and found, what="an event of each")
        letters = client.zcard("audience:{rejected}:dead")
    assert {event["data"]["error"]["category"] for event in events} == {"invalid_job"}
    assert all(event["data"]["error"]["message"].startswith("Not a valid job.") for event in events)
    assert {event["id"] for event in events} == {
        f"rejected/{hashlib.sha256(each.body).hexdigest()}" for each in foreign
    }
    assert letters == len(foreign), "one for each body"
    still_works(deployment, worker, redis_server)
    assert not made.exists()


def test_remote_control_does_not_unpickle(
    deployment: Deployment, redis_server: RedisServer, foreign: list[Foreign], made: Path
) -> None:
    worker = deployment.wait_for_worker(deployment.start_worker())
    for each in foreign:
        publish(deployment, each, REMOTE_CONTROL, "", "")
    wait_until(lambda: refusals(worker) == len(foreign), what="a reason for each")
    still_works(deployment, worker, redis_server)
    assert not made.exists()


def test_a_forged_task_is_read_by_nobody(deployment: Deployment, redis_server: RedisServer) -> None:
    worker = deployment.wait_for_worker(deployment.start_worker())
    with celery.Celery(broker=deployment.broker_url, set_as_current=False) as bare, bare.connection() as connection:
        read = wait_until(lambda: bare.control.inspect(timeout=1).active_queues(), what="a worker that answers")
        assert list(read.values()) == [[]]
        forged = [bare.amqp.queues[name](connection.channel()) for name in ("audience.mintegral", "celery")]
        for queue in forged:
            bare.send_task("mintegral.create_audience", args=["acme", "x", 1], queue=queue)
        still_works(deployment, worker, redis_server)
        assert [queue.queue_declare(passive=True).message_count for queue in forged] == [1, 1]
        for queue in forged:
            queue.delete()


def refusals(worker: Process) -> int:
    """How many messages Celery refused, each with what it was."""
    return sum("Refusing to deserialize untrusted content" in each["event"] for each in lines(worker.text()))


NO_MESSAGES = [
    b"\xff",
    b"{}",
    b"[1]",
    b'"text"',
    b'{"body": "x"}',
    b'{"body": "no base64", "properties": {"body_encoding": "base64", "delivery_tag": "1", "delivery_info": {}}}',
    b'{"body": "x", "properties": {"delivery_tag": [], "delivery_info": 1}}',
    b'{"body": "e30=", "headers": [], "content-type": 7, "properties": {"delivery_tag": "2"}}',
    pickle.dumps({"body": "x"}),
]


def test_what_is_no_message_ends_no_worker_of_a_redis_broker(on_redis: Deployment, redis_server: RedisServer) -> None:
    worker = on_redis.wait_for_worker(on_redis.start_worker())
    with redis_server.client() as client:
        for body in NO_MESSAGES:
            wait_until(partial(client.publish, "/0.celery.pidbox", body), what="a worker that listens again")
    still_works(on_redis, worker, redis_server)
    assert "Unrecoverable" not in worker.text()


ODD_HEADERS = [
    {"compression": "application/x-gzip"},
    {"compression": "no such thing"},
    {"task": 7, "id": ["x"]},
    {"task": "pubmatic.create_audience", "id": "1", "eta": "never", "expires": [], "timelimit": "x"},
]


def test_odd_headers_end_no_worker(deployment: Deployment, redis_server: RedisServer) -> None:
    worker = deployment.wait_for_worker(deployment.start_worker())
    with kombu.Connection(deployment.broker_url) as connection:
        producer = connection.Producer()
        for headers in ODD_HEADERS:
            for encoding in ("utf-8", "no such encoding"):
                for body in (b"{}", b"[[], {}, {}]", b"\xff"):
                    producer.publish(
                        body, exchange=REMOTE_CONTROL, headers=headers,
                        content_type="application/json", content_encoding=encoding, declare=[REMOTE_CONTROL],
                    )  # fmt: skip
    still_works(deployment, worker, redis_server)
    assert "Unrecoverable" not in worker.text()


def still_works(deployment: Deployment, worker: Process, server: RedisServer) -> None:
    """The very worker takes a job of each provider and does it."""
    jobs = [example("pubmatic-create-simple"), example("mintegral-create", account="acme")]
    with server.client() as client:
        for job in jobs:
            client.xadd("audience:jobs", {"job": json.dumps(job)})
        wait_until(lambda: succeeded(deployment, client) == {job["id"] for job in jobs}, what="both jobs")
    assert worker.popen.poll() is None


def succeeded(deployment: Deployment, client: redis.Redis) -> set[str]:
    return {event["subject"] for event in deployment.events(client) if event["data"]["status"] == "succeeded"}
