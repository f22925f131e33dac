"""Does the operator's page work? Its commands are run in their order, on what it says has died."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command import example
from dead import die
from real import Deployment, RedisServer, Sandbox, wait_until

PAGE = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)

DEAD = {
    "order-1": "auth", "order-2": "auth", "order-3": "auth", "order-4": "unavailable", "order-5": "outcome_unknown",
    "order-6": "expired", "order-17": "rejected_by_provider",
}  # fmt: skip


def job(id_: str) -> dict[str, Any]:
    whole = example("pubmatic-create-simple", id=id_)
    return whole | {"payload": whole["payload"] | {"name": f"Name of {id_}", "providerAudienceId": id_}}


@pytest.fixture
def env(tmp_path: Path, on_redis: Deployment) -> dict[str, str]:
    """An environment as on an operator's machine, with an editor that mends the name."""
    for name, script in {
        "audience": f'exec {sys.executable} -m workers.cli "$@"',
        "mend": "sed -i 's/Name of/Mended name of/' \"$1\"",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(stat.S_IRWXU)
    return {**os.environ, **on_redis.env, "PATH": f"{tmp_path}:{os.environ['PATH']}", "EDITOR": "mend"}


def test_every_command_of_the_page_runs_and_does_what_it_says(
    tmp_path: Path, env: dict[str, str], on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    with redis_server.client() as client:
        for id_, category in DEAD.items():
            die(client, job(id_), category=category, replayable=category != "expired")
        client.delete("audience:{pubmatic}:outbox")  # the events of jobs that never ran
        sandbox.preset(provider="pubmatic", audience=job("order-5")["payload"])  # its answer was lost
        on_redis.wait_for_worker(on_redis.start_worker())
        said = ""
        for block in BLOCKS[:-1]:
            said += run(block, tmp_path, env)
        replayed = set(DEAD) - {"order-6"}
        events = wait_until(lambda: ended(on_redis, client, len(replayed)), 60, "an event of each replay")
    assert {event["id"] for event in events} == {f"pubmatic/acme/{id_}/2" for id_ in replayed}
    assert {event["data"]["status"] for event in events} == {"succeeded"}
    names = {audience["name"] for audience in sandbox.audiences()["audiences"]}
    assert names == {f"Name of {id_}" for id_ in replayed - {"order-17"}} | {"Mended name of order-17"}
    assert "No dead letter." in said
    assert "1 restored, 6 left out, for their jobs have gone on." in run(BLOCKS[-1], tmp_path, env)
    acts = [line["action"] for line in map(json.loads, run("audience audit --json", tmp_path, env).splitlines())]
    assert acts == [
        "pause", "resume", "replay", *["replay"] * 6, "edit", "replay", "discard", "discard", "import", "import",
    ]  # fmt: skip


def ended(deployment: Deployment, client: Any, many: int) -> list[dict[str, Any]]:
    events = deployment.events(client)
    return events if len(events) == many else []


def run(block: str, folder: Path, env: dict[str, str]) -> str:
    """All that the commands of a block said."""
    done = subprocess.run(
        ["sh", "-e", "-c", block],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, (block, done.stdout)
    return done.stdout
