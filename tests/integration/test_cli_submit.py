"""What does `audience submit` send, and what does it say? All jobs, or none and why."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from command import EXAMPLES, Audience, as_json, example
from jws import KEY, jws
from real import RedisServer, free_port


@pytest.fixture
def audience(redis_server: RedisServer) -> Audience:
    return Audience(AUDIENCE_BROKER_URL=redis_server.url)


def sent(server: RedisServer) -> list[bytes]:
    """The bodies on the queue, in the order in which they came."""
    with server.client() as client:
        entries: Any = client.lrange("audience.jobs", 0, -1)
    return [base64.b64decode(json.loads(entry)["body"]) for entry in reversed(entries)]


def test_files_of_every_shape_go_in_together(audience: Audience, redis_server: RedisServer, tmp_path: Path) -> None:
    one, array, lines = tmp_path / "one.json", tmp_path / "array.json", tmp_path / "lines.jsonl"
    jobs = [example("mintegral-create", id=f"job-{number}") for number in range(5)]
    one.write_text(json.dumps(jobs[0], indent=1))
    array.write_text(json.dumps(jobs[1:3]))
    lines.write_text("\n".join(map(json.dumps, jobs[3:])))
    done = audience("submit", str(one), str(array), str(lines)).succeeded()
    assert "Sent 5 jobs to audience.jobs" in done.out
    assert "audience results --follow" in done.out
    assert [json.loads(body)["id"] for body in sent(redis_server)] == [job["id"] for job in jobs]
    assert sent(redis_server)[0] == one.read_bytes()


def test_every_example_job_is_valid(audience: Audience) -> None:
    files = [str(file) for file in (EXAMPLES / "jobs").glob("*.json")]
    done = audience("submit", *files).succeeded()
    assert f"Sent {len(files)} jobs" in done.out


def test_standard_input_is_read(audience: Audience, redis_server: RedisServer) -> None:
    audience("submit", "-", stdin=as_json(example("mintegral-create"))).succeeded()
    assert len(sent(redis_server)) == 1


def test_one_invalid_job_among_many_keeps_all_back_and_is_named(audience: Audience, redis_server: RedisServer) -> None:
    jobs = [example("mintegral-create", id=f"job-{number}") for number in range(300)]
    jobs[122]["payload"] = {**jobs[122]["payload"], "platform": "phone"}
    said = audience("submit", "-", stdin="\n".join(map(json.dumps, jobs)).encode()).failed_with(1)
    assert "-:123: /payload/platform: expected" in said
    assert "Nothing was sent: 1 job is not valid, of 300" in said
    assert "phone" not in said
    assert sent(redis_server) == []


def test_an_element_of_an_array_is_named_by_its_index(audience: Audience) -> None:
    said = audience("submit", "-", stdin=as_json(example("mintegral-create")).join([b"[", b',{"id":1}]'])).failed_with(
        1
    )
    assert "-[1]: /id: expected" in said


def test_what_is_not_json_is_named(audience: Audience) -> None:
    assert "expected JSON" in audience("submit", "-", stdin=b"{nonsense}").failed_with(1)


def test_without_validation_all_are_sent_with_their_bytes(audience: Audience, redis_server: RedisServer) -> None:
    bodies = [b'{"id": 1 }', b"nonsense \xff", as_json(example("mintegral-create"))]
    audience("submit", "--no-validate", "-", stdin=b"\n".join(bodies)).succeeded()
    assert sent(redis_server) == bodies


@pytest.fixture
def guarded(redis_server: RedisServer, tmp_path: Path) -> Audience:
    """Of acme at Mintegral crm and erp are the producers; globex has none."""
    keys = 'access_key = { env = "A" }\napi_key = { env = "B" }\n'
    (tmp_path / "audience.toml").write_text(
        f"[mintegral.accounts.globex]\n{keys}\n[mintegral.accounts.acme]\n{keys}"
        '[mintegral.accounts.acme.producers]\ncrm = { env = "CRM_KEY" }\nerp = { env = "ERP_KEY" }\n'
    )
    config = str(tmp_path / "audience.toml")
    return Audience(AUDIENCE_BROKER_URL=redis_server.url, AUDIENCE_CONFIG=config, CRM_KEY=KEY, ERP_KEY="short")


def test_each_job_is_signed_whose_account_has_the_producer(guarded: Audience, redis_server: RedisServer) -> None:
    theirs, free = example("mintegral-create", account="acme"), example("mintegral-create", account="globex")
    done = guarded("submit", "--producer", "crm", "-", stdin=json.dumps([theirs, free]).encode()).succeeded()
    assert "Sent 2 jobs" in done.out
    signed, bare = sent(redis_server)
    assert signed == jws(as_json(theirs), header=b'{"alg":"HS256","kid":"crm"}')
    assert json.loads(bare) == free


def test_jobs_that_others_signed_are_sent_as_they_are(guarded: Audience, redis_server: RedisServer) -> None:
    lines = [jws(example("mintegral-create", account="acme", id=name)) for name in ("a", "b")]
    guarded("submit", "-", stdin=b"\n".join(lines)).succeeded()
    assert sent(redis_server) == lines


@pytest.mark.parametrize(
    ("words", "job", "code", "says"),
    [
        ((), as_json(example("mintegral-create", account="acme")), 1, "-: (the whole): expected a job signed by"),
        ((), jws(example("mintegral-create", account="acme"), KEY + "x"), 1, "-:1: (the whole): expected a signature"),
        (("--producer", "shop"), as_json(example("mintegral-create", account="acme")), 1, "expected a job signed by"),
        (("--producer", "crm"), as_json(example("mintegral-create", account="acme", payload={})), 1, "/payload/"),
        (("--producer", "erp"), as_json(example("mintegral-create", account="acme")), 2, "variable ERP_KEY holds no"),
        (("--producer", "crm", "--no-validate"), b"{}", 2, "leave one of them out"),
    ],
)
def test_what_the_door_would_not_let_in_is_not_sent(
    guarded: Audience, redis_server: RedisServer, words: tuple[str, ...], job: bytes, *, code: int, says: str
) -> None:
    said = guarded("submit", *words, "-", stdin=job).failed_with(code)
    assert says in said
    assert KEY not in said
    assert sent(redis_server) == []


def test_nothing_to_send_is_a_failure(audience: Audience) -> None:
    assert "there is no job in -" in audience("submit", "-", stdin=b"[]").failed_with(1)


def test_a_missing_file_is_wrong_usage(audience: Audience) -> None:
    assert "/nowhere.json cannot be read" in audience("submit", "/nowhere.json").failed_with(2)


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_out_of_reach_is_said_in_a_sentence_without_its_password(
    scheme: str, redis_server: RedisServer
) -> None:
    url = f"{scheme}://user:pass-word@127.0.0.1:{free_port()}"
    audience = Audience(AUDIENCE_BROKER_URL=url, AUDIENCE_REDIS_URL=redis_server.url)
    said = audience("submit", "-", stdin=as_json(example("mintegral-create"))).failed_with(3)
    assert said.startswith(f"The broker {scheme}://***@127.0.0.1:")
    assert "AUDIENCE_BROKER_URL" in said
    assert "pass-word" not in said
    assert len(said.splitlines()) == 1


def test_a_state_store_out_of_reach_is_said_in_a_sentence() -> None:
    audience = Audience(AUDIENCE_BROKER_URL=f"redis://127.0.0.1:{free_port()}/0")
    said = audience("submit", "-", stdin=as_json(example("mintegral-create"))).failed_with(3)
    assert said.startswith("The state store redis://127.0.0.1:")


def test_an_amqp_broker_alone_is_wrong_usage() -> None:
    said = Audience(AUDIENCE_BROKER_URL="amqp://127.0.0.1")("submit", "-", stdin=b"{}").failed_with(2)
    assert "AUDIENCE_REDIS_URL" in said
