"""Is TLS verified, and does the service run over it? Redis and RabbitMQ with certificates of their own authority."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import kombu
import pytest
import redis
from command import Audience, example
from lane_acts import accept, new_lanes, take
from real import RABBITMQ, Deployment, RabbitNode, RedisServer, Sandbox, binaries, free_port, missing, wait_until
from topologies import LAST_SLOT, Authority

from audience_client import Answers, Producer
from workers.broker import redis_client
from workers.lanes.state import Accepted

UNTRUSTED = "certificate verify failed"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def redis_over_tls(authority: Authority) -> Iterator[tuple[RedisServer, str]]:
    """A server, and its address with TLS."""
    binary = dict(binaries()).get("redis")
    if binary is None:
        missing("redis-server")
    port = free_port()
    server = authority.redis(str(binary), port)
    yield server, f"rediss://127.0.0.1:{port}/0"
    server.close()


@pytest.fixture(scope="module")
def rabbit_over_tls(authority: Authority) -> Iterator[tuple[RabbitNode, str]]:
    if not RABBITMQ.exists():
        missing("rabbitmq-server")
    port = free_port()
    node = authority.rabbit(port)
    yield node, f"amqps://guest:guest@127.0.0.1:{port}//"
    node.close()


def publish(plain_url: str) -> None:
    with kombu.Connection(plain_url) as connection:
        body = json.dumps(example("mintegral-create", account="acme"))
        kombu.Producer(connection.channel()).publish(body, routing_key="audience.jobs")


def one_job_is_done(deployment: Deployment, plain_url: str, state: RedisServer) -> None:
    with state.client() as client:
        client.flushall()
        deployment.wait_for_worker(deployment.start_worker())
        publish(plain_url)
        (event,) = wait_until(lambda: deployment.events(client), what="an event")
        assert event["type"] == "audience.job.succeeded"


@pytest.mark.parametrize("way", ["in the URL", "in the environment"])
def test_a_job_is_done_over_rediss(
    tmp_path: Path, sandbox: Sandbox, authority: Authority, redis_over_tls: tuple[RedisServer, str], way: str
) -> None:
    server, url = redis_over_tls
    url += f"?ssl_ca_certs={authority.file}" if way == "in the URL" else ""
    deployment = Deployment(tmp_path, sandbox, url, url)
    if way == "in the environment":
        deployment.env["SSL_CERT_FILE"] = str(authority.file)
    try:
        one_job_is_done(deployment, server.url, server)
        for command in ("setup", "doctor"):
            Audience(**deployment.env)(command).succeeded()
    finally:
        deployment.close()


def test_a_job_is_done_over_amqps(
    tmp_path: Path,
    sandbox: Sandbox,
    authority: Authority,
    redis_server: RedisServer,
    rabbit_over_tls: tuple[RabbitNode, str],
) -> None:
    node, url = rabbit_over_tls
    deployment = Deployment(tmp_path, sandbox, url, redis_server.url)
    deployment.env["SSL_CERT_FILE"] = str(authority.file)
    try:
        one_job_is_done(deployment, node.url, redis_server)
        for command in ("setup", "doctor"):
            Audience(**deployment.env)(command).succeeded()
    finally:
        deployment.close()


def test_each_node_of_a_cluster_is_known_by_its_own_name(
    tmp_path: Path,
    sandbox: Sandbox,
    authority: Authority,
    redis_server: RedisServer,
    rabbit_over_tls: tuple[RabbitNode, str],
) -> None:
    node, there = rabbit_over_tls
    gone = f"amqps://guest:guest@127.0.0.2:{free_port()}//"
    url = f"{gone};{there}"
    deployment = Deployment(tmp_path, sandbox, url, redis_server.url)
    deployment.env["SSL_CERT_FILE"] = str(authority.file)
    try:
        one_job_is_done(deployment, node.url, redis_server)
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("SSL_CERT_FILE", str(authority.file))
            with Producer(url) as producer, Answers(url) as answers:
                job = example("mintegral-create", account="globex")
                producer.submit(job)
                assert answers.to(job, 30).data.status == "succeeded"
            elsewhere = there.replace("127.0.0.1", "localhost")
            with Producer(f"{gone};{elsewhere}") as producer, pytest.raises(kombu.exceptions.OperationalError):
                producer.submit(example("mintegral-create"))
    finally:
        deployment.close()


def test_a_cluster_is_reached_over_tls(authority: Authority) -> None:
    binary = dict(binaries()).get("redis")
    if binary is None:
        missing("redis-server")
    port, bus = free_port(), free_port()
    alone = ("--cluster-enabled", "yes", "--cluster-port", str(bus), "--tls-cluster", "yes")
    server = authority.redis(str(binary), port, *alone)
    url = f"rediss+cluster://127.0.0.1:{port}"
    try:
        with server.client() as plain:
            plain.execute_command("CLUSTER ADDSLOTSRANGE", 0, LAST_SLOT)
            wait_until(lambda: plain.execute_command("CLUSTER INFO")["cluster_state"] == "ok", what="a cluster")
        with redis_client(f"{url}?ssl_ca_certs={authority.file}") as client:
            lanes = new_lanes(client)
            assert accept(lanes, "a") is Accepted.NEW
            assert [job.id for job in take(lanes)] == ["a"]
        with pytest.raises(redis.ConnectionError, match=UNTRUSTED):
            redis_client(url)
    finally:
        server.close()


def test_a_certificate_of_another_host_is_refused(
    authority: Authority, redis_over_tls: tuple[RedisServer, str], rabbit_over_tls: tuple[RabbitNode, str]
) -> None:
    for _, url in (redis_over_tls, rabbit_over_tls):
        elsewhere = url.replace("127.0.0.1", "localhost")
        audience = Audience(
            AUDIENCE_BROKER_URL=elsewhere, AUDIENCE_REDIS_URL=redis_over_tls[1], SSL_CERT_FILE=str(authority.file)
        )
        assert "not valid for 'localhost'" in audience("setup").failed_with(3)


@pytest.mark.parametrize("command", ["worker", "setup", "doctor"])
def test_a_redis_whose_certificate_nobody_trusts_is_refused(
    redis_over_tls: tuple[RedisServer, str], command: str
) -> None:
    done = Audience(AUDIENCE_BROKER_URL=redis_over_tls[1])(command)
    assert UNTRUSTED in done.failed_with(3) + done.out
    assert command != "doctor" or "SSL_CERT_FILE" in done.out
    assert command != "doctor" or "SSL_CERT_FILE" in done.out


@pytest.mark.parametrize("command", ["worker", "setup", "doctor"])
def test_a_rabbitmq_whose_certificate_nobody_trusts_is_refused(
    rabbit_over_tls: tuple[RabbitNode, str], redis_server: RedisServer, command: str
) -> None:
    done = Audience(AUDIENCE_BROKER_URL=rabbit_over_tls[1], AUDIENCE_REDIS_URL=redis_server.url)(command)
    assert UNTRUSTED in done.failed_with(3) + done.out
    assert command != "doctor" or "SSL_CERT_FILE" in done.out
