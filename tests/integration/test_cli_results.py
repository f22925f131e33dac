"""What does `audience results` show? The events of the stream, which stay there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import Any

import pytest
from command import COMMAND, EXAMPLES, Audience
from real import RedisServer, wait_until


@pytest.fixture
def audience(redis_server: RedisServer) -> Audience:
    return Audience(AUDIENCE_BROKER_URL=redis_server.url)


def event(name: str, **changes: Any) -> dict[str, Any]:
    return {**json.loads((EXAMPLES / "events" / f"{name}.json").read_text()), **changes}


def publish(server: RedisServer, *events: dict[str, Any]) -> None:
    with server.client() as client:
        for each in events:
            client.xadd("audience:results", {"event": json.dumps(each)})


def test_without_events_it_says_what_to_do(audience: Audience) -> None:
    done = audience("results").succeeded()
    assert done.out == ""
    assert "audience submit" in done.err


def test_every_event_is_shown_oldest_first_and_stays(audience: Audience, redis_server: RedisServer) -> None:
    events = [event("mintegral-create-succeeded", id=f"e/{number}") for number in range(1200)]
    publish(redis_server, *events)
    assert audience("results", "--json").lines == events
    assert audience("results", "--json").lines == events


def test_a_limit_shows_the_newest(audience: Audience, redis_server: RedisServer) -> None:
    events = [event("mintegral-create-succeeded", id=f"e/{number}") for number in range(20)]
    publish(redis_server, *events)
    assert audience("results", "--json", "--limit", "3").lines == events[-3:]


def test_every_kind_of_event_has_its_line(audience: Audience, redis_server: RedisServer) -> None:
    files = sorted((EXAMPLES / "events").glob("*.json"))
    publish(redis_server, *(json.loads(file.read_text()) for file in files))
    lines = audience("results").succeeded().out.splitlines()
    assert len(lines) == len(files)
    failed = next(line for line in lines if "pubmatic/acme/travel-enthusiasts-unregistered-base" in line)
    assert "rejected_by_provider AUD01_0034" in failed
    adopted = next(line for line in lines if "already existed" in line)
    assert "succeeded  pubmatic.create_audience" in adopted


def test_following_shows_what_comes_and_ends_after_the_limit(audience: Audience, redis_server: RedisServer) -> None:
    publish(redis_server, event("mintegral-create-succeeded", id="e/1"))
    with follow(audience, "--limit", "2") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["id"] == "e/1"
        publish(redis_server, event("mintegral-create-succeeded", id="e/2"))
        assert json.loads(process.stdout.readline())["id"] == "e/2"
        assert process.wait(10) == 0


def test_following_only_what_is_new_leaves_the_rest_out(audience: Audience, redis_server: RedisServer) -> None:
    publish(redis_server, event("mintegral-create-succeeded", id="e/1"))
    with follow(audience, "--new", "--limit", "1") as process, redis_server.client() as client:
        wait_until(lambda: client.info("clients")["blocked_clients"], what="a follower that waits")
        publish(redis_server, event("mintegral-create-succeeded", id="e/2"))
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["id"] == "e/2"


def test_ctrl_c_ends_following_quietly(audience: Audience, redis_server: RedisServer) -> None:
    publish(redis_server, event("mintegral-create-succeeded", id="e/1"))
    with follow(audience) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


def follow(audience: Audience, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "results", "--follow", "--json", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **audience.env},
    )
