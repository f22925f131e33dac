"""Do the programs of examples/ do what they say? Each sends jobs to a real service, and prints each event once."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kombu
import npm
import pika
import pytest
from command import Audience, example
from jws import KEY
from real import Deployment, Process, RabbitNode, RedisServer, Sandbox, missing, wait_until
from redis import Redis

from workers.broker import RESULTS_EXCHANGE

EXAMPLES = Path(__file__).parents[2] / "examples"
JARS = [Path("/usr/share/java") / f"{name}.jar" for name in ("amqp-client", "slf4j-api", "slf4j-nop", "gson")]
GO_SOURCES = Path("/usr/share/gocode")  # where Debian puts the sources of Go libraries


def python(name: str) -> Callable[[], list[str]]:
    return lambda: [sys.executable, str(EXAMPLES / "python" / name)]


def node(name: str) -> Callable[[], list[str]]:
    def command() -> list[str]:
        npm.install(EXAMPLES / "node")
        return ["node", str(EXAMPLES / "node" / name)]

    return command


def go() -> list[str]:
    if shutil.which("go") is None or not (GO_SOURCES / "src/github.com/rabbitmq/amqp091-go").exists():
        missing("Go with Debian's golang-github-rabbitmq-amqp091-go-dev")
    return ["go", "run", str(EXAMPLES / "go" / "main.go")]


def java() -> list[str]:
    if shutil.which("javac") is None or not all(jar.exists() for jar in JARS):
        missing("Java with Debian's librabbitmq-client-java and libgoogle-gson-java")
    return ["java", "-cp", ":".join(map(str, JARS)), str(EXAMPLES / "java" / "Jobs.java")]


PROGRAMS = {
    "pika": ("rabbitmq", python("with_pika.py")),
    "kombu-rabbitmq": ("rabbitmq", python("with_kombu.py")),
    "kombu-redis": ("redis", python("with_kombu.py")),
    "celery-rabbitmq": ("rabbitmq", python("with_celery.py")),
    "celery-redis": ("redis", python("with_celery.py")),
    "redis-py": ("redis", python("with_redis.py")),
    "amqplib": ("rabbitmq", node("with-amqplib.js")),
    "node-redis": ("redis", node("with-redis.js")),
    "node-redis-signed": ("redis", node("with-redis.js")),
    "go": ("rabbitmq", go),
    "java": ("rabbitmq", java),
}


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def command(program: str) -> list[str]:
    return PROGRAMS[program][1]()


@pytest.fixture
def deployment(
    request: pytest.FixtureRequest, program: str, tmp_path: Path, sandbox: Sandbox, redis_server: RedisServer
) -> Iterator[Deployment]:
    url = redis_server.url
    if PROGRAMS[program][0] == "rabbitmq":
        rabbit: RabbitNode = request.getfixturevalue("rabbit")
        url = rabbit.url.removesuffix("//") + "/%2F"
        with pika.BlockingConnection(pika.URLParameters(url)) as connection:
            for queue in ("audience.jobs", "audience.submit", "audience.results"):
                connection.channel().queue_delete(queue)
    deployment = Deployment(tmp_path, sandbox, url, redis_server.url)
    if program.endswith("-signed"):
        deployment.env["CRM_SIGNING_KEY"] = KEY
        for account in ("pubmatic.accounts.acme", "mintegral.accounts.globex"):
            with deployment.config.open("a") as config:
                config.write(f'\n[{account}.producers]\ncrm = {{ env = "CRM_SIGNING_KEY" }}\n')
    deployment.wait_for_worker(deployment.start_worker())
    yield deployment
    deployment.close()


def test_a_program_sends_jobs_and_prints_the_event_of_each_once(
    tmp_path: Path, command: list[str], deployment: Deployment, redis_server: RedisServer
) -> None:
    audience = Audience(**deployment.env)
    audience("lanes", "pause", "mintegral", "globex", "--for", "1h", "--reason", "a repeat comes first").succeeded()
    first, last = example("pubmatic-create-simple"), example("mintegral-create", account="globex")
    (tmp_path / "jobs.jsonl").write_text("".join(json.dumps(job) + "\n" for job in (first, last)))
    running = Process([*command, str(tmp_path / "jobs.jsonl")], tmp_path / "printed", environment(deployment))
    try:
        with redis_server.client() as client:
            (event,) = wait_until(lambda: ended(running) or deployment.events(client), 60, "the first event")
            publish_again(deployment, client, event)
        audience("lanes", "resume", "mintegral", "globex").succeeded()
        assert running.popen.wait(60) == 0, running.text()
    finally:
        running.kill()
    printed = [json.loads(line) for line in running.text().splitlines()]
    assert [(each["subject"], each["data"]["status"]) for each in printed] == [
        (first["id"], "succeeded"),
        (last["id"], "succeeded"),
    ]


def ended(process: Process) -> list[Any]:
    """Nothing while it runs. Fails with what it said when it has ended."""
    assert process.popen.poll() is None, process.text()
    return []


def environment(deployment: Deployment) -> dict[str, str]:
    return {
        "AUDIENCE_BROKER_URL": deployment.broker_url,
        "AUDIENCE_REDIS_URL": deployment.redis_url,
        "CRM_SIGNING_KEY": deployment.env.get("CRM_SIGNING_KEY", ""),
        "GO111MODULE": "off",  # Debian's sources, and no module from the network
        "GOPATH": str(GO_SOURCES),
        "GOCACHE": os.environ.get("GOCACHE", str(deployment.folder / "go-cache")),
        "GOFLAGS": "",
    }


def publish_again(deployment: Deployment, client: Redis, event: dict[str, Any]) -> None:
    """As a worker does that was killed between publishing an event and clearing its outbox."""
    body = json.dumps(event)
    with kombu.Connection(deployment.broker_url) as connection:
        connection.Producer().publish(
            body,
            exchange=RESULTS_EXCHANGE,
            routing_key="pubmatic.create_audience.succeeded",
            content_type="application/cloudevents+json",
            content_encoding="utf-8",
            declare=[RESULTS_EXCHANGE],
        )
    client.xadd("audience:results", {"event": body})
