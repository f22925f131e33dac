"""What do `audience doctor --live` and `--ready` say of a worker? Of this very one, and nothing of its neighbours."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import Audience
from real import Deployment, Process, RabbitNode, RedisServer, Sandbox, wait_until

LOOPS = {"dispatch-pubmatic": 0.0, "broker": 0.0}


@pytest.fixture
def on_two(tmp_path: Path, sandbox: Sandbox, own_redis: RedisServer, rabbit: RabbitNode) -> Iterator[Deployment]:
    """RabbitMQ as broker, and a Redis that the test may kill as state."""
    deployment = Deployment(tmp_path, sandbox, rabbit.url, own_redis.url)
    yield deployment
    deployment.close()


def worker_of(deployment: Deployment, **env: str) -> tuple[Process, Audience]:
    """A worker with a health file, and the command beside it."""
    ours = {"AUDIENCE_HEALTH_FILE": str(deployment.folder / f"health{len(deployment.workers)}"), **env}
    worker = deployment.start_worker(**ours)
    return worker, Audience(**deployment.env, **ours)


def says(audience: Audience, *options: str) -> tuple[int, str]:
    done = audience("doctor", *options)
    assert "Traceback" not in done.err
    return done.code, done.out + done.err


def until(audience: Audience, option: str, code: int, timeout_s: float = 30) -> str:
    """What the probe says when it first answers so."""
    seen: list[str] = []

    def answers() -> bool:
        found, text = says(audience, option)
        seen.append(text)
        return found == code

    wait_until(answers, timeout_s, f"doctor {option} with {code}")
    return seen[-1]


def test_a_worker_becomes_ready_and_only_it_is_told_of(on_redis: Deployment) -> None:
    first, beside_first = worker_of(on_redis)
    second, beside_second = worker_of(on_redis)
    assert "it is ready" in until(beside_first, "--ready", 0)
    assert "it is ready" in until(beside_second, "--ready", 0)
    first.kill()
    assert says(beside_first, "--live")[0] == 1
    assert "is gone" in says(beside_first, "--ready")[1]
    assert says(beside_second, "--ready")[0] == 0
    assert second.stop() == 0


def test_a_worker_that_is_stopped_does_not_live(on_redis: Deployment) -> None:
    worker, audience = worker_of(on_redis)
    until(audience, "--ready", 0)
    os.kill(worker.popen.pid, signal.SIGSTOP)
    assert "does not run" in until(audience, "--live", 1)
    os.kill(worker.popen.pid, signal.SIGCONT)
    until(audience, "--ready", 0)


def test_without_the_state_a_worker_lives_and_is_not_ready(on_two: Deployment, own_redis: RedisServer) -> None:
    _, audience = worker_of(on_two)
    until(audience, "--ready", 0)
    own_redis.kill()
    until(audience, "--ready", 1)
    wait_until(lambda: "dispatch-mintegral fails" in says(audience, "--ready")[1], what="the dispatcher's failure")
    assert says(audience, "--live")[0] == 0
    own_redis.start()
    until(audience, "--ready", 0)


def test_without_the_broker_a_worker_of_one_provider_lives_and_is_not_ready(
    tmp_path: Path, sandbox: Sandbox, own_redis: RedisServer, redis_server: RedisServer
) -> None:
    deployment = Deployment(tmp_path, sandbox, own_redis.url, redis_server.url)
    try:
        _, audience = worker_of(deployment, AUDIENCE_INTAKE="false", AUDIENCE_PROVIDERS="pubmatic")
        until(audience, "--ready", 0)
        with own_redis.hung():
            assert "broker fails" in until(audience, "--ready", 1)
            assert says(audience, "--live")[0] == 0
        until(audience, "--ready", 0)
        own_redis.kill()
        until(audience, "--ready", 1)
        assert says(audience, "--live")[0] == 0
        own_redis.start()
        until(audience, "--ready", 0, 60)
    finally:
        deployment.close()


def test_a_worker_that_only_takes_jobs_in_executes_none(on_redis: Deployment, redis_server: RedisServer) -> None:
    worker, audience = worker_of(on_redis, AUDIENCE_PROVIDERS="none")
    until(audience, "--ready", 0)
    path = str(Path(__file__).parents[2] / "schemas" / "examples" / "jobs" / "mintegral-create.json")
    audience("submit", path).succeeded()
    with redis_server.client() as client:
        client.lpush("celery", b"of somebody else")
        wait_until(lambda: client.hget("audience:{mintegral}:lane:acme", "waiting") == b"1", what="a job in its lane")
        assert worker.stop(15) == 0
        assert client.lrange("celery", 0, -1) == [b"of somebody else"]
        assert client.hget("audience:{mintegral}:lane:acme", "waiting") == b"1"
    assert len(audience("results", "--json").lines) == 0


@pytest.mark.parametrize(
    ("changed", "option", "answer"),
    [
        ({}, "--ready", (0, "it is ready")),
        ({"written_at": -20.0}, "--live", (1, "does not run: the last sign of it is 2")),
        ({"written_at": 9000.0}, "--live", (1, "does not run")),  # of the machine's life before
        ({"turns": {**LOOPS, "dispatch-pubmatic": -590.0}}, "--live", (0, "it lives")),
        ({"turns": {**LOOPS, "dispatch-pubmatic": -40.0}}, "--ready", (1, "at one turn for 4")),
        ({"turns": {**LOOPS, "dispatch-pubmatic": -610.0}}, "--live", (1, "at one turn for 61")),
        ({"celery_turned_at": -20.0}, "--live", (0, "it lives")),
        ({"celery_turned_at": -20.0}, "--ready", (1, "Celery has taken no turn for 2")),
        ({"celery_turned_at": -610.0}, "--live", (1, "Celery takes no turn, though the broker answers")),
        ({"celery_turned_at": -610.0, "failed": "broker"}, "--live", (0, "it lives")),
        ({"failed": "broker"}, "--ready", (1, "broker fails")),
        ({"celery_turned_at": None}, "--ready", (1, "Celery has not connected")),
    ],
)
def test_signs_and_what_they_mean(
    tmp_path: Path, changed: dict[str, object], option: str, answer: tuple[int, str]
) -> None:
    path = tmp_path / "health"
    path.write_text(json.dumps(signs(**changed)))
    found, text = says(Audience(AUDIENCE_HEALTH_FILE=str(path)), option)
    assert found == answer[0]
    assert answer[1] in text


def signs(**changed: object) -> dict[str, object]:
    """The file of a worker with this test's process id; times are seconds from now."""
    now = time.monotonic()
    given = {"written_at": 0.0, "celery_turned_at": 0.0, "turns": LOOPS, **changed}
    turns, failed = given.pop("turns"), given.pop("failed", None)
    assert isinstance(turns, dict)
    return {
        "pid": os.getpid(),
        **{name: value if value is None else now + float(str(value)) for name, value in given.items()},
        "turns": {name: {"ended_at": now + at, "failed": name == failed} for name, at in turns.items()},
    }


def test_what_cannot_be_told_is_said(tmp_path: Path, on_redis: Deployment) -> None:
    assert "AUDIENCE_HEALTH_FILE" in Audience()("doctor", "--live").failed_with(2)
    path = tmp_path / "health"
    for text in (None, "", "{}", "[]", '{"pid": 1, "turns": []}'):
        if text is not None:
            path.write_text(text)
        code, said = says(Audience(AUDIENCE_HEALTH_FILE=str(path)), "--live")
        assert (code, "no worker has written" in said) == (1, True)
    nowhere = {**on_redis.env, "AUDIENCE_HEALTH_FILE": str(tmp_path / "no" / "folder")}
    assert "AUDIENCE_HEALTH_FILE" in Audience(**nowhere)("worker").failed_with(2)
