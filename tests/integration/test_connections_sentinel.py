"""Does the service follow its master? Broker and state at Sentinels, the master killed in the middle of its jobs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from command import Audience, as_json, example
from real import Deployment, Sandbox, free_port, wait_until
from topologies import MASTER, Watched

from workers.broker import redis_client

JOBS = 40


@pytest.fixture
def watched() -> Iterator[Watched]:
    servers = Watched()
    yield servers
    servers.close()


def job(number: int) -> dict[str, Any]:
    found = example("mintegral-create", id=f"order-{number}", account="acme")
    found["payload"]["ta_name"] = f"Audience {number}"
    return found


def test_the_service_goes_on_with_the_new_master_and_every_job_ends_once(tmp_path: Path, watched: Watched) -> None:
    sandbox = Sandbox(tmp_path, "--latency-ms", "200")
    deployment = Deployment(tmp_path, sandbox, watched.url, watched.url)
    deployment.env["AUDIENCE_SENTINEL_MASTER"] = MASTER
    client = redis_client(f"{watched.url}#{MASTER}")
    try:
        worker = deployment.wait_for_worker(deployment.start_worker())
        client.lpush("audience.jobs", *(json.dumps(job(number)) for number in range(JOBS // 2)))
        wait_until(lambda: len(deployment.events(client)) > 5, what="the first events")
        watched.kill_master_once_replicated()
        watched.wait_for_failover()
        _push(client, [json.dumps(job(number)) for number in range(JOBS // 2, JOBS)])
        events = wait_until(lambda: _all_events(deployment, client), 60, "an event for every job")
        assert set(events) == {f"mintegral/acme/order-{number}/1" for number in range(JOBS)}
        assert {event["type"] for event in events.values()} == {"audience.job.succeeded"}
        assert Counter(each["name"] for each in sandbox.audiences()["audiences"]).most_common(1)[0][1] == 1
        assert worker.popen.poll() is None
    finally:
        client.close()
        deployment.close()
        sandbox.close()


def _push(client: redis.Redis, jobs: list[str]) -> None:
    """As a producer that tries again does."""

    def pushed() -> bool:
        try:
            return bool(client.lpush("audience.jobs", *jobs))
        except redis.ConnectionError:
            return False

    wait_until(pushed, what="the new master's answer")


def _all_events(deployment: Deployment, client: redis.Redis) -> dict[str, Any] | None:
    """The events by their ids, once there are as many as jobs. A repeat is the same event, with the same id."""
    events: dict[str, Any] = {}
    for event in deployment.events(client):
        assert events.setdefault(event["id"], event) == event
    return events if len(events) >= JOBS else None


def test_commands_ask_the_sentinels_too(watched: Watched) -> None:
    by_setting = Audience(AUDIENCE_BROKER_URL=watched.url, AUDIENCE_SENTINEL_MASTER=MASTER)
    by_url = Audience(AUDIENCE_BROKER_URL=f"sentinel://127.0.0.1:{free_port()};{watched.url}#{MASTER}")
    for audience in (by_setting, by_url):
        audience("setup").succeeded()
        audience("submit", "-", stdin=as_json(job(1))).succeeded()
        assert f"{MASTER} takes connections" in audience("doctor").out


@pytest.mark.parametrize(
    ("url", "what_to_do"),
    [
        ("sentinel://127.0.0.1:1", "set AUDIENCE_SENTINEL_MASTER"),
        ("sentinel://127.0.0.1:1/0#m;sentinel://127.0.0.1:1/1", "same user, password and database"),
        ("sentinel://:s3cret#x@127.0.0.1:1", "percent-encode"),
        ("sentinel://127.0.0.1:1/one#m", "database is a number"),
    ],
)
@pytest.mark.parametrize("name", ["AUDIENCE_BROKER_URL", "AUDIENCE_REDIS_URL"])
def test_sentinels_that_cannot_be_asked_are_wrong_usage(name: str, url: str, what_to_do: str) -> None:
    said = Audience(**{"AUDIENCE_BROKER_URL": "redis://127.0.0.1:1", name: url})("worker").failed_with(2)
    assert what_to_do in said
    assert "s3cret" not in said


def test_sentinels_that_do_not_answer_are_out_of_reach() -> None:
    audience = Audience(AUDIENCE_BROKER_URL=f"sentinel://127.0.0.1:{free_port()}", AUDIENCE_SENTINEL_MASTER=MASTER)
    assert "No master found" in audience("worker").failed_with(3)
