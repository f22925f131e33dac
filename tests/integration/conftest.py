"""What do several files of this folder begin with? A state with an account at each provider, a desk at PubMatic."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from command import Audience
from pubmatic_desk import Desk
from real import RedisServer, Sandbox

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


@pytest.fixture
def desk(sandbox: Sandbox, redis_server: RedisServer, tmp_path: Path) -> Iterator[Desk]:
    with redis_server.client() as state:
        yield Desk(sandbox, state, tmp_path)
