"""What becomes of a batch of messages? Each its own end, and nothing is answered twice while jobs are kept out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis
from command import as_json, example
from real import RedisServer

from workers.bootstrap import Endpoints, Service
from workers.intake.door import Entered
from workers.intake.message import Message, from_queue
from workers.intake.redis_stream import StreamReader
from workers.news import JobEntered, MessageTaken, News, listen
from workers.settings import Settings

JOB = example("pubmatic-create-simple")


@pytest.fixture
def here(every_redis: RedisServer, state: redis.Redis, tmp_path: Path) -> Service:
    assert state.dbsize() == 0
    config = tmp_path / "audience.toml"
    config.write_text('[pubmatic.accounts.acme]\naccess_token = { env = "T" }')
    return Service(Settings(config=config), Endpoints(every_redis.url, every_redis.url))


def message(here: Service, *, padding: int = 0, **changes: Any) -> Message:
    return from_queue(as_json(JOB | changes) + b" " * padding, here.door.payloads)


def test_a_conflict_and_a_duplicate_are_told_apart_within_one_batch(here: Service) -> None:
    other = JOB["payload"] | {"name": "Travellers"}
    entered = here.door.enter(
        [
            message(here),
            from_queue(b"no job", here.door.payloads),
            message(here, payload=other),
            message(here),
            message(here, id="another"),
        ]
    )
    assert entered == [Entered.NEW, Entered.REJECTED, Entered.REJECTED, Entered.DUPLICATE, Entered.NEW]


def test_what_keeps_jobs_out_rejects_nothing_twice(here: Service) -> None:
    batch = [from_queue(b"no job", here.door.payloads), message(here, account="nobody"), message(here)]
    here.redis.set("audience:{pubmatic}:sequence", "no number")  # as a node of a cluster that is out: one provider's
    for _ in range(3):
        with pytest.raises(redis.ResponseError):
            here.door.enter(batch)
    here.redis.delete("audience:{pubmatic}:sequence")
    assert here.door.enter(batch) == [Entered.REJECTED, Entered.REJECTED, Entered.NEW]
    assert here.redis.xlen("audience:{rejected}:outbox") == 2


def test_large_bodies_are_stored_in_bites(here: Service) -> None:
    batch = [message(here, id=f"large-{number}", padding=250_000) for number in range(10)]
    here.door.enter(batch[:1])  # the script is known now
    here.redis.config_resetstat()
    assert here.door.enter(batch) == [Entered.DUPLICATE, *[Entered.NEW] * 9]
    calls: Any = here.redis.info("commandstats")
    assert calls["cmdstat_evalsha"]["calls"] == 2  # five of a quarter of a MiB, and five


def test_the_age_of_an_entry_is_told_once_however_often_it_is_tried(
    here: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[News] = []
    monkeypatch.setattr("workers.news._listeners", ())  # for this test alone
    listen(told.append)
    reader = StreamReader(here.redis, here.door)
    here.redis.xadd("audience:jobs", {"job": as_json(JOB)})
    here.redis.set("audience:{pubmatic}:sequence", "no number")
    with pytest.raises(redis.ResponseError):
        reader.turn()
    here.redis.delete("audience:{pubmatic}:sequence")
    reader.turn()
    assert [type(news) for news in told] == [JobEntered, MessageTaken]
