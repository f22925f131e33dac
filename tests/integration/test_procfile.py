"""Does the Procfile run the service? Each of its lines, started by honcho, against real servers."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import sys
from pathlib import Path

import pytest
import yaml
from command import EXAMPLES, Audience
from real import Process, RabbitNode, RedisServer, free_port, wait_until

from workers.cli.with_sandbox import credentials, write_config

ROOT = Path(__file__).parents[2]
PROCFILE = ROOT / "Procfile"
LINES = dict(line.split(": ", 1) for line in PROCFILE.read_text().splitlines())
READY = {
    "intake": " ready.",
    "pubmatic": " ready.",
    "mintegral": " ready.",
    "flower": "Visit me at",
    "sandbox": "ready on",
}
JOBS = ("pubmatic-create-simple", "mintegral-create")
COMMANDS = Path(sys.executable).parent
"""Where ``audience`` and ``honcho`` are, whatever PATH the tests were given."""


def test_it_has_the_processes_of_the_compose_file() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    theirs = {name.removeprefix("worker-"): service for name, service in services.items() if "build" in service}
    assert LINES.keys() == theirs.keys()
    for name, line in LINES.items():
        words = shlex.split(theirs[name]["command"])
        assert shlex.split(line)[:2] == ["audience", words[0]]
        if words[0] == "worker":
            assert shlex.split(line)[1:] == words


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
def test_every_line_starts_and_together_they_see_jobs_through(
    tmp_path: Path, broker: str, redis_server: RedisServer, request: pytest.FixtureRequest
) -> None:
    node: RabbitNode | None = request.getfixturevalue("rabbit") if broker == "rabbitmq" else None
    sandbox_port = free_port()
    write_config(tmp_path / "audience.toml", f"http://127.0.0.1:{sandbox_port}")
    env = {
        "AUDIENCE_BROKER_URL": node.url if node else redis_server.url,
        "AUDIENCE_REDIS_URL": redis_server.url,
        "AUDIENCE_CONFIG": str(tmp_path / "audience.toml"),
        "FLOWER_PORT": str(free_port()),
        "SANDBOX_PORT": str(sandbox_port),
        "PATH": f"{COMMANDS}:{os.environ['PATH']}",
        **credentials(),
    }
    honcho = Process([str(COMMANDS / "honcho"), "-f", str(PROCFILE), "start", "--no-colour"], tmp_path / "log", env)
    try:
        wait_until(lambda: honcho.popen.poll() is not None or started(honcho.text()) == LINES.keys(), 60, "every line")
        audience = Audience(**env)
        for job in JOBS:
            audience("submit", str(EXAMPLES / "jobs" / f"{job}.json")).succeeded()
        ids = {json.loads((EXAMPLES / "jobs" / f"{job}.json").read_text())["id"] for job in JOBS}
        wait_until(lambda: ids <= succeeded(audience), 30, "the jobs' events")
        honcho.popen.send_signal(signal.SIGTERM)
        assert honcho.popen.wait(60) == 128 + signal.SIGTERM
        assert "Traceback" not in honcho.text()
    finally:
        honcho.kill()


def started(log: str) -> set[str]:
    """The lines that have said that they are ready. honcho puts the name before what each says."""
    said = re.findall(r"^[\d:]+ ([\w-]+)\.1 +\| (.*)$", log, re.MULTILINE)
    return {name for name, text in said if READY.get(name, "\0") in text}


def succeeded(audience: Audience) -> set[str]:
    events = audience("results", "--json").succeeded().lines
    return {event["data"]["job_id"] for event in events if event["type"] == "audience.job.succeeded"}
