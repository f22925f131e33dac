"""The service on either broker, for tests that send what they like to its queues."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import kombu
import kombu.pools
import pytest
from real import Deployment, RabbitNode, RedisServer, Sandbox


@pytest.fixture(params=["redis", "rabbitmq"])
def deployment(
    request: pytest.FixtureRequest, tmp_path: Path, sandbox: Sandbox, redis_server: RedisServer
) -> Iterator[Deployment]:
    """The service, its queues empty; the test starts the workers."""
    url = redis_server.url
    if request.param == "rabbitmq":
        node: RabbitNode = request.getfixturevalue("rabbit")
        url = node.url
        with kombu.Connection(url) as connection:
            for queue in ("audience.jobs", "audience.submit", "audience.results"):
                connection.channel().queue_delete(queue)
        kombu.pools.reset()  # its channels, of apps of tests before, would send to a queue that they once declared
    deployment = Deployment(tmp_path, sandbox, url, redis_server.url)
    yield deployment
    deployment.close()
