"""How does a job end whose ending meets trouble: an outage of the state store, a result that no event can carry?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from command import as_json, example
from pydantic import BaseModel
from real import RedisServer

from workers.bootstrap import Endpoints, Service
from workers.config import ProviderConfig
from workers.http import Call
from workers.intake.message import from_queue
from workers.lanes.state import Record
from workers.outcome import Outcome, Succeeded
from workers.settings import Settings

JOB = example("pubmatic-create-simple")
OUTBOX = "audience:{pubmatic}:outbox"


@pytest.fixture
def here(own_redis: RedisServer, tmp_path: Path) -> Service:
    config = tmp_path / "audience.toml"
    config.write_text('[pubmatic.accounts.acme]\naccess_token = { env = "T" }')
    service = Service(Settings(config=config), Endpoints(own_redis.url, own_redis.url))
    service.configure_lanes()
    service.door.enter([from_queue(as_json(JOB), service.door.payloads)])
    return service


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def take(here: Service) -> Record:
    (record,) = here.lanes["pubmatic"].take(1, 30.0).jobs
    return record


class Odd:
    """An adapter whose result is of none of the published kinds."""

    payload_model: type[BaseModel] = BaseModel
    name = "pubmatic"
    config_model = ProviderConfig

    def __init__(self, result: dict[str, Any]) -> None:
        self.result = result
        self.operations = {JOB["operation"]: self}

    def send(self, payload: Any, call: Call) -> Outcome:  # noqa: ARG002 - the face of an operation
        return Succeeded(self.result)


def test_a_cancelled_job_stays_cancelled_through_an_outage(
    here: Service, own_redis: RedisServer, thread: ThreadPoolExecutor
) -> None:
    record = take(here)
    own_redis.kill()
    cancelled = thread.submit(here.executor.cancel, "pubmatic", record)
    try:
        with pytest.raises(TimeoutError):
            cancelled.result(3.0)
    finally:
        own_redis.start()
    cancelled.result(20.0)
    assert here.redis.xlen(OUTBOX) == 1


@pytest.mark.parametrize(
    "result",
    [
        {"made": True},
        {"audience_id": "1", "already_existed": False, "audience": {"name": "\ud800"}},
        {"audience_id": "1", "already_existed": False, "audience": {"size": float("nan")}},
    ],
)
def test_a_result_that_no_event_can_carry_ends_its_job(here: Service, result: dict[str, Any]) -> None:
    replace(here.executor, providers={"pubmatic": Odd(result)}).execute("pubmatic", take(here))
    here.endings["pubmatic"].close()
    ((_, entry),) = here.redis.xrange(OUTBOX)  # type: ignore[misc]  # redis-py's answers have no one type
    assert json.loads(entry[b"event"])["data"]["error"]["category"] == "internal"


def test_the_endings_of_one_provider_hold_up_no_other(here: Service) -> None:
    assert {loop.name for loop in here.settlers()} == {"settle-mintegral", "settle-pubmatic"}
    assert here.endings["mintegral"] is not here.endings
