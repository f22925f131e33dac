"""Do PubMatic's jobs end well in real workers while tokens expire, answers are lost and lists lag behind?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from real import Deployment, RedisServer, Sandbox, wait_until

USER, PASSWORD = "acme@sandbox.example", "sandbox-pubmatic-password-acme"
OWNER = {"accountType": "PUBLISHER", "accountId": 27332341}
JOBS = 60
TOKEN_CALLS = "/v1/developer-integrations/developer/"


@pytest.fixture
def logging_in(tmp_path: Path, sandbox: Sandbox, redis_server: RedisServer) -> Iterator[Deployment]:
    """Two of our accounts that share one user of PubMatic's."""
    deployment = Deployment(tmp_path, sandbox, redis_server.url, redis_server.url)
    lines = [f'[pubmatic]\nbase_url = "{sandbox.url}/v1"\nretry = {{ look_after_s = 0.2 }}']
    lines += [
        f'[pubmatic.accounts.{name}]\nuser_name = {{ env = "USER_NAME" }}\npassword = {{ env = "PASSWORD" }}'
        for name in ("acme", "globex")
    ]
    deployment.config.write_text("\n".join(lines))
    deployment.env |= {"USER_NAME": USER, "PASSWORD": PASSWORD}
    yield deployment
    deployment.close()


def job(number: int, operation: str = "create_audience", **payload: Any) -> str:
    audience = {"name": f"n{number}", "dataProviderId": 383, "providerAudienceId": f"p{number}"}
    return json.dumps(
        {
            "id": f"{operation}-{number}",
            "provider": "pubmatic",
            "account": ("acme", "globex")[number % 2],
            "operation": operation,
            "payload": OWNER | (payload or audience),
        }
    )


def wait_for(deployment: Deployment, client: redis.Redis, count: int) -> list[dict[str, Any]]:
    wait_until(lambda: len(deployment.events(client)) >= count, 60, f"{count} events")
    return deployment.events(client)


def test_tokens_that_expire_and_answers_that_are_lost_make_no_audience_twice_and_lose_none(
    logging_in: Deployment, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    httpx.patch(f"{sandbox.url}/_sandbox/behaviour", json={"visible_after_ms": 1500}).raise_for_status()
    workers = [logging_in.start_worker(), logging_in.start_worker()]
    for worker in workers:
        logging_in.wait_for_worker(worker)
    with redis_server.client() as client:
        for number in range(JOBS):
            client.lpush("audience.jobs", job(number))
            if number in (15, 40):
                wait_for(logging_in, client, number // 2)
                expired = {"provider": "pubmatic", "account": "acme", "expire": True}
                httpx.post(f"{sandbox.url}/_sandbox/credentials", json=expired).raise_for_status()
            if number % 6 == 0:
                sandbox.fault(provider="pubmatic", method="POST", path="/v1/audience/*", action="commit_then_reset")
        events = wait_for(logging_in, client, JOBS)
        kept = b"\n".join(client.dump(key) for key in client.scan_iter())
    assert [event["data"]["error"] for event in events if event["type"] != "audience.job.succeeded"] == []
    names = Counter(each["name"] for each in sandbox.audiences(provider="pubmatic")["audiences"])
    assert names == {f"n{number}": 1 for number in range(JOBS)}
    entries = sandbox.ledger(provider="pubmatic")["entries"]
    calls = [each["method"] for each in entries if each["path"].startswith(TOKEN_CALLS)]
    assert calls == ["POST", "PUT", "PUT"], "one log-in and one refresh for each expiry, over all workers"
    assert sum(event["data"]["requests"] for event in events) == len(entries), "token calls are counted as requests"
    shown = kept.decode(errors="replace") + "".join(worker.text() for worker in workers) + json.dumps(events)
    assert USER not in shown
    assert PASSWORD not in shown


def test_an_update_whose_answer_is_lost_is_found_out(
    logging_in: Deployment, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    audience = OWNER | {"name": "n", "dataProviderId": 383, "providerAudienceId": "p"}
    sandbox.preset(provider="pubmatic", audience=audience)
    (planted,) = sandbox.audiences(provider="pubmatic")["audiences"]
    sandbox.fault(provider="pubmatic", method="PATCH", action="commit_then_reset")
    logging_in.wait_for_worker(logging_in.start_worker())
    with redis_server.client() as client:
        client.lpush("audience.jobs", job(0, "update_audience", audienceId=planted["id"], name="new", enabled=0))
        (applied,) = wait_for(logging_in, client, 1)
        sandbox.fault(provider="pubmatic", method="PATCH", action="reset")
        client.lpush("audience.jobs", job(2, "update_audience", audienceId=planted["id"], price="2.5"))
        _, sent_again = wait_for(logging_in, client, 2)
    assert applied["data"]["warnings"] == ["the answer was lost; a look-up found that the request had been applied"]
    assert applied["data"]["result"]["audience"]["name"] == "new"
    assert sent_again["data"]["warnings"] == []
    assert sent_again["data"]["result"]["audience"]["price"] == 2.5
    patches = [each for each in sandbox.ledger(provider="pubmatic")["entries"] if each["method"] == "PATCH"]
    assert [each["applied"] for each in patches] == [planted["id"], None, planted["id"]]


def test_a_right_that_is_missing_fails_jobs_and_renews_no_token(
    logging_in: Deployment, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    sandbox.fault(provider="pubmatic", path="/v1/audience/*", preset="not_authorized", times=99)
    logging_in.wait_for_worker(logging_in.start_worker())
    with redis_server.client() as client:
        client.lpush("audience.jobs", job(0))
        (event,) = wait_for(logging_in, client, 1)
    assert (event["data"]["error"]["category"], event["data"]["error"]["provider_code"]) == ("auth", "AUTHZ_FAILED")
    entries = sandbox.ledger(provider="pubmatic")["entries"]
    assert [each["method"] for each in entries] == ["POST", "POST"]
