"""Do the rights in docs/security.md suffice, and do they allow no more? Its own commands, on real servers."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import kombu
import pika
import pika.exceptions
import pytest
import redis
from command import Audience, example
from real import Deployment, RabbitNode, RedisServer, Sandbox

from audience_client import Events, Producer

TESTS = Path(__file__).parents[1]
TEXT = (TESTS.parent / "docs" / "security.md").read_text()
PASSWORD = "s3cret"
JOB = example("mintegral-create", account="acme")


def test_every_test_that_the_document_names_exists() -> None:
    sources = "\n".join(path.read_text() for path in TESTS.rglob("test_*.py") if "node_modules" not in path.parts)
    named = set(re.findall(r"`(test_\w+)`", TEXT))
    assert len(named) > 40
    assert {name for name in named if f"def {name}(" not in sources} == set()


def lines(beginning: str) -> list[list[str]]:
    return [shlex.split(line) for line in TEXT.splitlines() if line.startswith(beginning)]


@pytest.fixture
def with_users(redis_server: RedisServer) -> Iterator[Callable[[str], redis.Redis]]:
    with redis_server.client() as client:
        for words in lines("ACL SETUSER"):
            client.execute_command(*[word.replace("PASSWORD", PASSWORD) for word in words])
    clients: list[redis.Redis] = []

    def as_user(name: str) -> redis.Redis:
        clients.append(redis.Redis(port=redis_server.port, username=name, password=PASSWORD))
        return clients[-1]

    yield as_user
    for each in clients:
        each.close()
    with redis_server.client() as client:
        client.execute_command("ACL", "DELUSER", *(words[2] for words in lines("ACL SETUSER")))


def url_of(server: RedisServer, user: str) -> str:
    return server.url.replace("redis://", f"redis://{user}:{PASSWORD}@")


def test_on_redis_each_side_does_its_work(
    on_redis: Deployment, redis_server: RedisServer, with_users: Callable[[str], redis.Redis]
) -> None:
    on_redis.wait_for_worker(on_redis.start_worker())
    sender = with_users("sender")
    sender.lpush("audience.jobs", json.dumps(JOB | {"id": "by-list"}))
    sender.xadd("audience:jobs", {"job": json.dumps(JOB | {"id": "by-stream"})})
    with Producer(url_of(redis_server, "client")) as producer:
        producer.submit(JOB | {"id": "by-client"})
    with Events(url_of(redis_server, "consumer"), "billing") as events:
        heard = {event.subject for event in islice(events, 3)}
    assert heard == {"by-list", "by-stream", "by-client"}


@pytest.mark.parametrize("user", ["sender", "client", "consumer"])
def test_on_redis_nobody_reaches_the_state_or_another_side(with_users: Callable[[str], redis.Redis], user: str) -> None:
    client = with_users(user)
    for act in (
        ("GET", "audience:{pubmatic}"),
        ("HGETALL", "audience:{pubmatic}:lane:acme"),
        ("LPUSH", "audience.results", "x"),
        ("XADD", "audience:results", "*", "event", "{}"),
        ("PUBLISH", "/0.celery.pidbox", "{}"),
        ("EVAL", "return 1", "0"),
        ("DEL", "audience.jobs"),
        ("LRANGE", "audience.jobs", "0", "-1"),
        ("FLUSHALL",),
        ("KEYS", "*"),
        ("CONFIG", "GET", "*"),
    ):
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.execute_command(*act)


@pytest.fixture
def rabbit_users(rabbit: RabbitNode) -> Iterator[Callable[[str], str]]:
    """The users, by their URLs."""
    granted = lines("rabbitmqctl set_permissions")
    for words in granted:
        rabbit.control("add_user", words[4], PASSWORD)
        rabbit.control(*words[1:])
    yield lambda name: rabbit.url.replace("guest:guest", f"{name}:{PASSWORD}")
    for words in granted:
        rabbit.control("delete_user", words[4])


def test_on_rabbitmq_each_side_does_its_work(
    tmp_path: Path,
    sandbox: Sandbox,
    rabbit: RabbitNode,
    redis_server: RedisServer,
    rabbit_users: Callable[[str], str],
) -> None:
    with kombu.Connection(rabbit.url) as connection:
        connection.channel().queue_delete("audience.results")
    deployment = Deployment(tmp_path, sandbox, rabbit.url, redis_server.url)
    try:
        deployment.wait_for_worker(deployment.start_worker())
        Audience(**deployment.env)("setup").succeeded()
        with pika.BlockingConnection(parameters(rabbit_users("sender"))) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            bare = json.dumps(JOB | {"id": "by-sender"})
            channel.basic_publish("audience.submit", "audience.submit", bare, mandatory=True)
        with Producer(rabbit_users("client")) as producer:
            producer.submit(JOB | {"id": "by-client"})
        with Events(rabbit_users("consumer")) as events:
            heard = {event.subject for event in islice(events, 2)}
    finally:
        deployment.close()
    assert heard == {"by-sender", "by-client"}


def test_on_rabbitmq_a_sender_can_neither_forge_events_nor_steer_workers(
    rabbit: RabbitNode, rabbit_users: Callable[[str], str]
) -> None:
    with kombu.Connection(rabbit.url) as connection:
        kombu.Exchange("celery.pidbox", "fanout", channel=connection.channel(), durable=False).declare()
        kombu.Exchange("audience.results", "topic", channel=connection.channel()).declare()
        kombu.Queue("audience.jobs", queue_arguments={"x-queue-type": "quorum"}, channel=connection.channel()).declare()
    for user, exchange, key in (
        ("sender", "", "audience.results"),
        ("sender", "celery.pidbox", ""),
        ("sender", "audience.results", "pubmatic.create_audience.succeeded"),
        ("client", "celery.pidbox", ""),
        ("client", "audience.results", "pubmatic.create_audience.succeeded"),
        ("consumer", "", "audience.jobs"),
        ("consumer", "celery.pidbox", ""),
    ):
        with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="ACCESS_REFUSED"):
            publish(rabbit_users(user), exchange, key)
    for user in ("sender", "client", "consumer"):
        with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="ACCESS_REFUSED"):
            take(rabbit_users(user), "audience.jobs")


def parameters(url: str) -> pika.URLParameters:
    return pika.URLParameters(url.removesuffix("//") + "/%2F")


def publish(url: str, exchange: str, key: str) -> None:
    with pika.BlockingConnection(parameters(url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish(exchange, key, b"{}")


def take(url: str, queue: str) -> None:
    with pika.BlockingConnection(parameters(url)) as connection:
        connection.channel().basic_get(queue)
