"""What do all contract tests share? One server of recorded answers, and one for what workers share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from real import RedisServer, binaries
from recorded_server import RecordedServer


@pytest.fixture(scope="session")
def recorded() -> Iterator[RecordedServer]:
    with RecordedServer() as server:
        yield server


@pytest.fixture(scope="session")
def _shared_server() -> Iterator[RedisServer]:
    server = RedisServer(dict(binaries())["valkey"])
    yield server
    server.close()


@pytest.fixture
def shared(_shared_server: RedisServer) -> Iterator[redis.Redis]:
    """An empty state store: an account that logs in keeps its tokens there."""
    with _shared_server.client() as client:
        client.flushall()
        yield client
