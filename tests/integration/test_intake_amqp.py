"""What becomes of RabbitMQ's messages while the state store is out? They are held, and taken in once it is back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import as_json, example
from real import RabbitNode, RedisServer

from workers.bootstrap import Endpoints, Service
from workers.broker import JOBS, connect
from workers.intake.amqp import PREFETCH, WAIT_S, QueueReader
from workers.lanes.lanes import Lanes
from workers.settings import Settings

JOB = example("pubmatic-create-simple")


@pytest.fixture
def here(own_redis: RedisServer, rabbit: RabbitNode, tmp_path: Path) -> Service:
    config = tmp_path / "audience.toml"
    config.write_text('[pubmatic.accounts.acme]\naccess_token = { env = "T" }')
    service = Service(Settings(config=config), Endpoints(rabbit.url, own_redis.url))
    service.configure_lanes()
    return service


@pytest.fixture
def reader(here: Service, rabbit: RabbitNode) -> Iterator[QueueReader]:
    reader = QueueReader(rabbit.url, JOBS, here.door)
    reader.turn()  # it has declared its queue then
    yield reader
    reader.close()


def fill(url: str, count: int) -> None:
    with connect(url) as connection:
        channel = connection.channel()
        for number in range(count):
            body = as_json(JOB | {"id": f"a{number}"})
            channel.basic_publish(channel.prepare_message(body), routing_key=JOBS.name)


def waiting(lanes: Lanes) -> int:
    return int(lanes.lane("acme").get("waiting", 0))


def test_as_many_as_may_be_held_are_held_quietly(
    here: Service, reader: QueueReader, rabbit: RabbitNode, own_redis: RedisServer
) -> None:
    own_redis.kill()
    fill(rabbit.url, PREFETCH + 1)
    for _ in range(PREFETCH):
        began = time.monotonic()
        reader.turn()
        if time.monotonic() - began >= WAIT_S:  # nothing more comes, and it has listened for so long
            break
    else:
        pytest.fail("it turns in circles")
    own_redis.start()
    for _ in range(PREFETCH):
        reader.turn()
        if waiting(here.lanes["pubmatic"]) == PREFETCH + 1:
            break
    assert waiting(here.lanes["pubmatic"]) == PREFETCH + 1
