"""A Flower with our pages, over a state with one dead letter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from command import example
from dead import die
from flower_pages import CONFIG, SECRETS
from flower_server import BY_CELERY, FlowerServer
from real import RedisServer

from workers.bootstrap import Endpoints, Service
from workers.settings import Settings


@pytest.fixture
def env(redis_server: RedisServer, tmp_path: Path) -> dict[str, str]:
    config = tmp_path / "audience.toml"
    config.write_text(CONFIG)
    return {"AUDIENCE_BROKER_URL": redis_server.url, "AUDIENCE_CONFIG": str(config), **SECRETS}


@pytest.fixture(autouse=True)
def here(env: dict[str, str], redis_server: RedisServer) -> Service:
    """The service's parts, with one dead letter."""
    service = Service(Settings(config=Path(env["AUDIENCE_CONFIG"])), Endpoints(redis_server.url, redis_server.url))
    service.configure_lanes()
    die(service.redis, example("pubmatic-create-simple", id="order-17"))
    return service


@pytest.fixture
def start(tmp_path: Path, env: dict[str, str]) -> Iterator[Any]:
    started: list[FlowerServer] = []

    def start(command: tuple[str, ...] = BY_CELERY, *, read_only: bool = False, prefix: str = "", **more: str) -> Any:
        server = FlowerServer(tmp_path, {**env, **more}, command, read_only=read_only, prefix=prefix)
        started.append(server)
        return httpx.Client(base_url=server.url, trust_env=False)

    yield start
    for server in started:
        server.close()
