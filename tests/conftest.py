"""Which parts does a test get? Real ones; a missing server skips at the desk and fails where CI requires it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from real import RABBITMQ, Deployment, RabbitNode, RedisServer, Sandbox, binaries, missing

# Started in the background, a shell's child ignores Ctrl-C, and so would every process that a test starts and stops.
signal.signal(signal.SIGINT, signal.default_int_handler)

for name in [name for name in os.environ if name.startswith("AUDIENCE_") and name != "AUDIENCE_CONTRACT_CASES"]:
    del os.environ[name]  # a developer's own settings are not the tests'


@pytest.fixture(scope="session", params=["valkey", "redis"])
def every_redis(request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    """One server of each kind that can hold the state."""
    binary = dict(binaries()).get(request.param)
    if binary is None:
        missing("redis-server")
    server = RedisServer(str(binary))
    yield server
    server.close()


@pytest.fixture(scope="session")
def _shared_redis() -> Iterator[RedisServer]:
    server = RedisServer(dict(binaries())["valkey"])
    yield server
    server.close()


@pytest.fixture
def redis_server(_shared_redis: RedisServer) -> RedisServer:
    """An empty server, shared by tests that do not stop it."""
    with _shared_redis.client() as client:
        client.flushall()
    return _shared_redis


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A server that the test may kill."""
    server = RedisServer(dict(binaries())["valkey"])
    yield server
    server.close()


@pytest.fixture
def state(every_redis: RedisServer) -> Iterator[redis.Redis]:
    """A client of an empty server, once of each kind."""
    with every_redis.client() as client:
        client.flushall()
        yield client


@pytest.fixture(scope="session")
def _shared_rabbit() -> Iterator[RabbitNode]:
    if not RABBITMQ.exists():
        missing("rabbitmq-server")
    node = RabbitNode()
    yield node
    node.close()


@pytest.fixture
def rabbit(_shared_rabbit: RabbitNode) -> Iterator[RabbitNode]:
    """A RabbitMQ node, which tests may stop and start again. One that a failed test has left stopped is started."""
    yield _shared_rabbit
    if _shared_rabbit.process.popen.poll() is not None:
        _shared_rabbit.start()


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A fresh sandbox."""
    server = Sandbox(tmp_path)
    yield server
    server.close()


@pytest.fixture
def on_redis(tmp_path: Path, sandbox: Sandbox, redis_server: RedisServer) -> Iterator[Deployment]:
    """The service with a Redis as broker and state store; the test starts the workers."""
    deployment = Deployment(tmp_path, sandbox, redis_server.url, redis_server.url)
    yield deployment
    deployment.close()
