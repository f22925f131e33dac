"""What do all contract tests share? One server of recorded answers, and a state store for what workers share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from real import RedisServer
from recorded_server import RecordedServer


@pytest.fixture(scope="session")
def recorded() -> Iterator[RecordedServer]:
    with RecordedServer() as server:
        yield server


@pytest.fixture
def shared(redis_server: RedisServer) -> Iterator[redis.Redis]:
    """An empty state store: an account that logs in keeps its tokens there."""
    with redis_server.client() as client:
        yield client
