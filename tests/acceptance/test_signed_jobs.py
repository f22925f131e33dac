"""Can anybody have something done in an account whose producers sign? By every way in, on either broker."""

from __future__ import annotations

import json
from typing import Any

import celery
import kombu
import pytest
import redis
from command import Audience
from jws import HEADER, KEY, OTHER_KEY, jws, part
from real import Deployment, RedisServer, Sandbox, wait_until
from test_ways_in import events_of_the_queue, job, send_as_a_stranger

from audience_client import Producer, Signer

WAYS = ("by-queue", "by-kombu", "by-celery", "by-stream", "by-client", "by-command")


@pytest.fixture
def guarded(deployment: Deployment) -> Deployment:
    """Of acme at Mintegral, crm is the one producer; globex has another; who may send for initech is not asked."""
    for account, producer, key in (("acme", "crm", KEY), ("globex", "shop", OTHER_KEY)):
        (deployment.folder / producer).write_text(key)
        with deployment.config.open("a") as config:
            file = deployment.folder / producer
            config.write(f'\n[mintegral.accounts.{account}.producers]\n{producer} = {{ file = "{file}" }}\n')
    return deployment


def send_by_every_way(deployment: Deployment, server: RedisServer, bodies: dict[str, bytes]) -> None:
    """Each body by the way of its name; of the client's and the command's, what a program without a key can send."""
    send_as_a_stranger(deployment, [bodies["by-queue"]])
    with kombu.Connection(deployment.broker_url) as connection:
        connection.Producer().publish(bodies["by-kombu"].decode(), routing_key="audience.jobs")
    app = celery.Celery(broker=deployment.broker_url, set_as_current=False)
    text = bodies["by-celery"].decode()
    argument = json.loads(text) if text.startswith("{") else text
    app.send_task("audience.submit", args=[argument], queue="audience.submit")
    with server.client() as client:
        client.xadd("audience:jobs", {"job": bodies["by-stream"]})
    with Producer(deployment.broker_url) as producer:
        producer.send(bodies["by-client"])
    audience = Audience(**deployment.env)
    audience("submit", "--no-validate", "-", stdin=bodies["by-command"]).succeeded()


def forged(name: str) -> list[bytes]:
    """What somebody sends who may write to the queues, has the key of another account, and knows our configuration."""
    body = json.dumps(job(name)).encode()
    none = part(b'{"alg":"none","kid":"crm"}') + b"." + part(body) + b"."
    return [
        body,
        none,
        jws(body, OTHER_KEY),
        jws(body, OTHER_KEY, HEADER | {"kid": "shop"}),
        jws(body, OTHER_KEY, HEADER | {"jwk": {"kty": "oct", "k": part(OTHER_KEY.encode()).decode()}}),
    ]


def made(sandbox: Sandbox) -> list[str]:
    return sorted(each["name"] for each in sandbox.audiences()["audiences"])


def test_only_who_has_a_key_of_an_account_has_anything_done_there(
    guarded: Deployment, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    guarded.wait_for_worker(guarded.start_worker())
    bodies = {way: jws(job(way)) for way in WAYS}
    send_by_every_way(guarded, redis_server, bodies)
    attempts = len(forged(""))
    for number in range(attempts):
        send_by_every_way(guarded, redis_server, {way: forged(f"forged-{way}-{number}")[number] for way in WAYS})
    with Producer(guarded.broker_url, signer=Signer("crm", KEY)) as producer:
        producer.submit(job("signed-by-client"))
    audience = Audience(**guarded.env)
    audience("submit", "--producer", "crm", "-", stdin=json.dumps(job("signed-by-command")).encode()).succeeded()

    count = len(WAYS) + attempts * len(WAYS) + 2
    events = events_of_the_queue(guarded.broker_url, count)
    done = {event["subject"] for event in events if event["type"] == "audience.job.succeeded"}
    assert done == {*WAYS, "signed-by-client", "signed-by-command"}
    refused = [event for event in events if event["type"] == "audience.job.rejected"]
    assert len(refused) == attempts * len(WAYS)
    assert {event["data"]["error"]["category"] for event in refused} == {"invalid_job"}
    assert "forged" not in json.dumps(refused)
    assert made(sandbox) == sorted(done)

    assert f"0 replayed, {len(refused)} kept" in audience("dead", "replay", "--all").succeeded().err
    assert len(audience("dead", "list", "--json").succeeded().lines) == attempts * len(WAYS)
    assert made(sandbox) == sorted(done)


def test_a_key_is_rotated_without_a_restart(guarded: Deployment, redis_server: RedisServer) -> None:
    worker = guarded.wait_for_worker(guarded.start_worker())
    new = "a-new-key-of-crm-that-is-long-enough-too"
    with redis_server.client() as client:
        for number, (key, ends_as) in enumerate([(KEY, "succeeded"), (new, "rejected")]):
            client.xadd("audience:jobs", {"job": jws(job(f"before-{number}"), key)})
            assert last_event(guarded, client, number + 1)["data"]["status"] == ends_as
        (guarded.folder / "next").write_text(new)
        (guarded.folder / "next").rename(guarded.folder / "crm")
        for number, (key, ends_as) in enumerate([(KEY, "rejected"), (new, "succeeded")], 2):
            client.xadd("audience:jobs", {"job": jws(job(f"after-{number}"), key)})
            assert last_event(guarded, client, number + 1)["data"]["status"] == ends_as
    assert worker.popen.poll() is None
    assert not [each for each in (KEY, new, OTHER_KEY) if each in worker.text()]


def last_event(deployment: Deployment, client: redis.Redis, count: int) -> Any:
    return wait_until(lambda: len(found := deployment.events(client)) == count and found[-1], what=f"event {count}")


def test_a_worker_that_takes_jobs_in_does_not_begin_without_the_keys(guarded: Deployment) -> None:
    (guarded.folder / "shop").write_text("too-short")
    worker = guarded.start_worker()
    assert worker.popen.wait(30) == 2
    assert "[mintegral.accounts.globex.producers] shop: the file " in worker.text()
    assert "32 bytes" in worker.text()
    assert "too-short" not in worker.text()
    guarded.wait_for_worker(guarded.start_worker(AUDIENCE_INTAKE="false"))
