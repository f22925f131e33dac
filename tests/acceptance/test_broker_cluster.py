"""Does the service go on while a node of its RabbitMQ cluster is away? Each is stopped in turn, jobs under way."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import amqp
import celery
import kombu
import pytest
import redis
from command import example
from kombu.exceptions import OperationalError
from logged import lines
from real import RABBITMQ, Deployment, RedisServer, Sandbox, missing, wait_until
from topologies import RabbitCluster

from audience_client import Events, Producer
from workers.broker import SUBMIT

BACK_S = 60.0
ANSWER_S = 180.0  # Celery's own connection may wait out its read timeout of 30 s, more than once
PING_S = 10.0
AWAY_JOBS = 30


@pytest.fixture(scope="module")
def _cluster() -> Iterator[RabbitCluster]:
    if not RABBITMQ.exists():
        missing("rabbitmq-server")
    cluster = RabbitCluster()
    yield cluster
    cluster.close()


@pytest.fixture
def cluster(_cluster: RabbitCluster) -> Iterator[RabbitCluster]:
    """With every node; a test that fails leaves none stopped."""
    yield _cluster
    for node in _cluster.nodes:
        if node.process.popen.poll() is not None:
            node.start()


@pytest.fixture
def slow_sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """So that some jobs always run."""
    sandbox = Sandbox(tmp_path, "--latency-ms", "100")
    yield sandbox
    sandbox.close()


class Sending(threading.Thread):
    """Sends one job after the other, each again until the broker has it, as a producer has to."""

    def __init__(self, send: Callable[[dict[str, Any]], object], name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.sent: list[str] = []
        self._send, self._stopping = send, threading.Event()
        self.start()

    def run(self) -> None:
        for number in itertools.count():
            job = named(f"{self.name}-{number}", ("acme", "globex", "initech")[number % 3])
            while not self._stopping.wait(0.05):
                try:
                    self._send(job)
                except (OperationalError, amqp.InternalError):  # RabbitMQ 3.10, where one node follows another
                    continue
                self.sent.append(job["id"])
                break
            else:
                return

    def stop(self) -> list[str]:
        """The ids of what the broker has."""
        self._stopping.set()
        self.join(BACK_S)
        assert not self.is_alive()
        return self.sent


def named(name: str, account: str) -> dict[str, Any]:
    job = example("mintegral-create", id=name, account=account)
    job["payload"]["ta_name"] = name
    return job


def ended(deployment: Deployment, client: redis.Redis) -> set[str]:
    return {event["subject"] for event in deployment.events(client)}


def by_celery(app: celery.Celery) -> Callable[[dict[str, Any]], object]:
    return lambda job: app.send_task("audience.submit", args=[job], queue="audience.submit")


def test_each_node_is_stopped_in_turn_and_every_job_is_done_once(
    tmp_path: Path, slow_sandbox: Sandbox, redis_server: RedisServer, cluster: RabbitCluster
) -> None:
    url = cluster.url("quorum")
    deployment = Deployment(tmp_path, slow_sandbox, url, redis_server.url)
    app = celery.Celery(broker=url, set_as_current=False)
    app.conf.broker_transport_options = {"confirm_publish": True}
    try:
        workers = [deployment.wait_for_worker(deployment.start_worker()) for _ in range(2)]
        with redis_server.client() as client, Producer(url) as producer:
            senders = [Sending(producer.submit, "bare"), Sending(by_celery(app), "celery")]
            for node in cluster.nodes:
                node.stop()
                for sender in senders:
                    enough = {f"{sender.name}-{len(sender.sent) + more}" for more in range(AWAY_JOBS)}
                    wait_until(
                        lambda enough=enough: enough <= ended(deployment, client), BACK_S, "jobs done without a node"
                    )
                wait_until(lambda: answering(url, len(workers)) == len(workers), ANSWER_S, "workers that answer")
                node.start()
            sent = {name for sender in senders for name in sender.stop()}
            wait_until(lambda: ended(deployment, client) >= sent, BACK_S, "the end of every job")
        assert [worker.popen.poll() for worker in workers] == [None, None]
        with Events(url) as events:
            heard = {event.subject for event in itertools.islice(events, len(sent))}
        assert heard == sent
        made = [each["name"] for each in slow_sandbox.audiences()["audiences"]]
        assert sorted(made) == sorted(sent), "once each"
    finally:
        deployment.close()
        app.close()


def answering(url: str, most: int) -> int:
    """How many workers remote control reaches. Not by the pool, whose connection may be to a node that is gone.

    Celery's second of waiting is short for a busy machine: who answers later is not heard, however often one asks.
    """
    with celery.Celery(broker=url, set_as_current=False) as app, app.connection_for_write() as connection:
        pings = app.control.broadcast("ping", reply=True, timeout=PING_S, limit=most, connection=connection)
        return len(pings)


@pytest.mark.parametrize("home", [0, 1], ids=["which workers use", "which they do not use"])
def test_while_the_node_of_the_calls_is_away_other_jobs_go_on(
    tmp_path: Path, slow_sandbox: Sandbox, redis_server: RedisServer, cluster: RabbitCluster, home: int
) -> None:
    url, node = cluster.url("/"), cluster.nodes[home]
    with kombu.Connection(node.url) as connection:
        calls = SUBMIT(connection.channel())
        calls.delete()
        calls.declare()  # a classic queue stands on the node that its maker was connected to
    deployment = Deployment(tmp_path, slow_sandbox, url, redis_server.url)
    app = celery.Celery(broker=url, set_as_current=False)
    try:
        workers = [deployment.wait_for_worker(deployment.start_worker())]
        with redis_server.client() as client, Producer(url) as producer:
            sender = Sending(producer.submit, "bare")
            wait_until(lambda: ended(deployment, client), what="a first event")
            node.stop()
            workers.append(deployment.wait_for_worker(deployment.start_worker()))
            enough = {f"bare-{len(sender.sent) + more}" for more in range(AWAY_JOBS)}
            wait_until(lambda: enough <= ended(deployment, client), BACK_S, "jobs done without the node")
            assert any("audience.submit" in line.get("error", "") for line in lines(workers[1].text()))
            with pytest.raises(amqp.NotFound, match=r"audience\.submit"):
                by_celery(app)(named("called", "acme"))
            node.start()
            by_celery(app)(named("called", "acme"))
            sent = {*sender.stop(), "called"}
            wait_until(lambda: ended(deployment, client) >= sent, BACK_S, "the end of every job")
        assert [worker.popen.poll() for worker in workers] == [None, None]
        made = [each["name"] for each in slow_sandbox.audiences()["audiences"]]
        assert sorted(made) == sorted(sent), "once each"
    finally:
        deployment.close()
        app.close()
