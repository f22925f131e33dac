"""What do tests of the commands ``audience dead …`` begin with? An empty state, and an account at each provider."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import Audience
from real import RedisServer

from workers.bootstrap import Endpoints, Service
from workers.settings import Settings

CONFIG = """
[pubmatic.accounts.acme]
access_token = { env = "T" }
[mintegral.accounts.acme]
access_key = { env = "K" }
api_key = { env = "A" }
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "audience.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def here(redis_server: RedisServer, config: Path) -> Service:
    return Service(Settings(config=config), Endpoints(redis_server.url, redis_server.url))


@pytest.fixture
def audience(redis_server: RedisServer, config: Path) -> Audience:
    return Audience(AUDIENCE_BROKER_URL=redis_server.url, AUDIENCE_CONFIG=str(config))
