"""Do the promises hold while workers, broker and state store are killed? A ledger of jobs in against events out."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kombu
import pytest
from real import ACCOUNTS, Deployment, RabbitNode, RedisServer, Sandbox, wait_until

CONFIRMED = "the answer was lost; a look-up found that the request had been applied"
JOBS = 240
MALFORMED = 30


def job(number: int) -> dict[str, Any]:
    """Half of the jobs go to Mintegral, which would take every name twice."""
    pubmatic = {
        "accountType": "PUBLISHER",
        "accountId": 27332341,
        "name": f"Audience {number}",
        "dataProviderId": "383",
        "providerAudienceId": f"segment-{number}",
    }
    mintegral = {
        "ta_name": f"Audience {number}",
        "area_type": 1,
        "platform": 2,
        "data_path": [{"device_type": 2, "data_path": "s3://bucket/devices.csv"}],
    }
    return {
        "id": f"order-{number}",
        "provider": "mintegral" if number % 2 else "pubmatic",
        "account": ACCOUNTS[number % len(ACCOUNTS)],
        "operation": "create_audience",
        "payload": mintegral if number % 2 else pubmatic,
    }


def publish(broker_url: str, bodies: list[bytes]) -> None:
    """As a stranger would: bare JSON, default exchange, no declaration."""
    with kombu.Connection(broker_url, transport_options={"confirm_publish": True}) as connection:
        producer = kombu.Producer(connection.channel())
        for body in bodies:
            producer.publish(body, routing_key="audience.jobs", content_type="application/json", delivery_mode=2)


@pytest.fixture(params=["redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest, own_redis: RedisServer) -> Iterator[tuple[str, Callable[[], None]]]:
    """A broker's URL, and what restarts it."""
    if request.param == "redis":

        def restart() -> None:
            own_redis.kill()
            own_redis.start()

        yield own_redis.url, restart
        return
    node: RabbitNode = request.getfixturevalue("rabbit")

    def restart_node() -> None:
        node.stop()
        node.start()

    yield node.url, restart_node


def test_every_job_ends_once_and_creates_once_whatever_is_killed(
    tmp_path: Path, own_redis: RedisServer, broker: tuple[str, Callable[[], None]]
) -> None:
    broker_url, restart_broker = broker
    sandbox = Sandbox(tmp_path, "--latency-ms", "150", "--timeout-after-commit-rate", "0.05", "--seed", "7")
    deployment = Deployment(tmp_path, sandbox, broker_url, own_redis.url)
    dice = random.Random(7)
    bodies = [json.dumps(job(number)).encode() for number in range(JOBS)]
    bodies += [b"malformed %d" % number for number in range(MALFORMED)]
    dice.shuffle(bodies)
    try:
        workers = [deployment.wait_for_worker(deployment.start_worker()) for _ in range(2)]
        third = len(bodies) // 3
        publish(broker_url, bodies[:third])
        for victim in range(2):  # in the middle of their requests
            answered = _answered(own_redis)
            wait_until(lambda n=answered: _answered(own_redis) > n + 5, what="events between the kills")  # type: ignore[misc]
            workers[victim].kill()
            workers[victim] = deployment.start_worker()
        publish(broker_url, bodies[third : 2 * third])
        restart_broker()
        publish(broker_url, bodies[2 * third :])
        own_redis.kill()
        own_redis.start()
        wait_until(lambda: _answered(own_redis) >= JOBS + MALFORMED, 120, "an event for every message")
        with own_redis.client() as client:
            events = deployment.events(client)
        _each_ended_once(events)
        looked_up = [event for event in events if CONFIRMED in event["data"]["warnings"]]
        assert looked_up, "no answer was lost: this run has shown nothing"
        created = Counter(each["name"] for each in sandbox.audiences()["audiences"])
        assert len(created) == JOBS
        assert set(created.values()) == {1}
    finally:
        deployment.close()
        sandbox.close()


def _answered(server: RedisServer) -> int:
    """How many different events there are."""
    with server.client() as client:
        ids = {json.loads(fields[b"event"])["id"] for _, fields in client.xrange("audience:results")}
        return len(ids)


def _each_ended_once(events: list[dict[str, Any]]) -> None:
    first = {event["id"]: event for event in events}
    assert all(event == first[event["id"]] for event in events if event["type"] != "audience.job.rejected")
    kinds = Counter(event["type"] for event in first.values())
    bad = [event["data"] for event in first.values() if event["type"] == "audience.job.failed"]
    assert kinds == {"audience.job.succeeded": JOBS, "audience.job.rejected": MALFORMED}, bad[:3]
