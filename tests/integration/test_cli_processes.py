"""How do the long-running commands live and end? worker, flower, sandbox and up, with their exit codes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from command import COMMAND, EXAMPLES, Audience
from logged import lines
from real import Deployment, Process, RedisServer, free_port, wait_until

from schemas.generate import files

EVERYWHERE = "0.0.0.0"  # noqa: S104 - it must ask for a password there


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="a", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[object]:
    started: list[Process] = []

    def start(*arguments: str, **env: str) -> Process:
        process = Process([*COMMAND, *arguments], tmp_path / f"command{len(started)}.log", env)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()


def says(process: Process, sign: str, timeout_s: float = 30.0) -> str:
    wait_until(lambda: sign in process.text() or process.popen.poll() is not None, timeout_s, sign)
    assert sign in process.text(), process.text()
    return process.text()


def test_a_worker_does_everything_and_leaves_on_sigterm(on_redis: Deployment, start: type[Process]) -> None:
    worker = start("worker", "--concurrency", "3", "--", "--loglevel", "INFO", **on_redis.env)
    says(worker, " ready.")
    assert "concurrency: 3 (threads)" in worker.text()
    audience = Audience(**on_redis.env)
    audience("submit", str(EXAMPLES / "jobs" / "mintegral-create.json")).succeeded()
    (event,) = audience("results", "--follow", "--limit", "1", "--json").succeeded().lines
    assert event["type"] == "audience.job.succeeded"
    assert worker.stop(15) == 0
    assert "Traceback" not in worker.text()


def test_two_workers_of_one_host_have_two_names(on_redis: Deployment, start: type[Process]) -> None:
    workers = [start("worker", **on_redis.env), start("worker", **on_redis.env)]
    names = {re.findall(r"audience-\d+@\S+", says(worker, " ready."))[0] for worker in workers}
    assert len(names) == 2


def test_a_worker_may_leave_out_intake_and_providers(on_redis: Deployment, start: type[Process]) -> None:
    worker = start("worker", "--provider", "mintegral", "--no-intake", **on_redis.env)
    says(worker, " ready.")
    (begun,) = (line for line in lines(worker.text()) if line["event"] == "worker.starts")
    assert (begun["providers"], begun["intake"]) == (["mintegral"], False)
    Audience(**on_redis.env)("submit", str(EXAMPLES / "jobs" / "mintegral-create.json")).succeeded()
    assert worker.stop(15) == 0
    assert len(Audience(**on_redis.env)("results", "--json").lines) == 0


def test_a_worker_that_cannot_start_says_why(on_redis: Deployment) -> None:
    audience = Audience(**on_redis.env)
    assert "google is not installed" in audience("worker", "--provider", "google").failed_with(2)
    assert "No such option" in audience("worker", "--", "--nonsense").failed_with(2)
    assert "leave --pool out" in audience("worker", "--", "--pool=processes").failed_with(2)
    nowhere = Audience(**{**on_redis.env, "AUDIENCE_BROKER_URL": f"redis://:pw@127.0.0.1:{free_port()}/0"})
    assert "The broker redis://***@" in nowhere("worker").failed_with(3)


def test_flower_shows_itself_on_loopback(redis_server: RedisServer, start: type[Process]) -> None:
    port = free_port()
    flower = start("flower", "--port", str(port), AUDIENCE_BROKER_URL=redis_server.url)
    says(flower, f"Visit me at http://127.0.0.1:{port}")
    wait_until(lambda: httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).status_code == 200, what="Flower's page")
    flower.popen.send_signal(signal.SIGINT)
    assert flower.popen.wait(15) == 0


def test_flower_listens_elsewhere_only_if_it_asks_who_one_is(redis_server: RedisServer, start: type[Process]) -> None:
    audience = Audience(AUDIENCE_BROKER_URL=redis_server.url)
    assert "FLOWER_BASIC_AUTH" in audience("flower", "--address", EVERYWHERE).failed_with(2)
    assert "FLOWER_BASIC_AUTH" in audience("flower", "--", "--address=0.0.0.0").failed_with(2)
    port = free_port()
    env = {"AUDIENCE_BROKER_URL": redis_server.url, "FLOWER_BASIC_AUTH": "user:word"}
    says(start("flower", "--address", EVERYWHERE, "--port", str(port), **env), "Visit me at")
    url = f"http://127.0.0.1:{port}/"
    wait_until(lambda: httpx.get(url, trust_env=False).status_code == 401, what="a refusal")
    assert httpx.get(url, auth=("user", "word"), trust_env=False).status_code == 200


def test_the_sandbox_runs_alone_with_its_own_options(start: type[Process]) -> None:
    sandbox = start("sandbox", "--port", "0", "--rate-limit", "5/s")
    url = says(sandbox, "sandbox ready on ").rsplit(" ", 1)[1].strip()
    assert httpx.get(f"{url}/_sandbox/behaviour", trust_env=False).json()["rate_limit"] == "5/s"
    assert "--rate-limit" in Audience()("sandbox", "--help").succeeded().out
    assert sandbox.stop() == 0


def test_schemas_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    Audience()("schema", "--out", str(tmp_path / "new" / "folder")).succeeded()
    assert {file.name for file in (tmp_path / "new" / "folder").iterdir()} >= set(files())


def test_up_is_the_whole_service_until_ctrl_c(data_dir: Path, start: type[Process]) -> None:
    env = {"AUDIENCE_DATA_DIR": str(data_dir)}
    up = start("up", "--flower-port", str(free_port()), **env)
    text = says(up, "Ctrl-C ends everything.", 60.0)
    children = psutil.Process(up.popen.pid).children(recursive=True)
    assert len(children) >= 3
    flower = re.findall(r"Flower +(\S+)", text)[0]
    assert httpx.get(flower, trust_env=False).status_code == 200
    line = re.findall(r"audience submit (\S+) &&", text)[0]
    audience = Audience(**env, AUDIENCE_CONFIG=str(data_dir / "audience.toml"))
    audience("submit", line).succeeded()
    (event,) = audience("results", "--follow", "--limit", "1", "--json").succeeded().lines
    assert event["type"] == "audience.job.succeeded"
    assert audience("lanes", "--json").lines
    up.popen.send_signal(signal.SIGINT)
    assert up.popen.wait(40) == 0
    wait_until(lambda: not any(child.is_running() for child in children), what="all its processes to end")


def test_up_ends_with_the_part_that_dies_and_names_it(data_dir: Path, start: type[Process]) -> None:
    up = start("up", "--flower-port", str(free_port()), AUDIENCE_DATA_DIR=str(data_dir))
    says(up, "Ctrl-C ends everything.", 60.0)
    children = psutil.Process(up.popen.pid).children(recursive=True)
    worker = next(child for child in children if child.cmdline()[-2:] == ["workers.cli", "worker"])
    os.kill(worker.pid, signal.SIGKILL)
    assert up.popen.wait(40) == 1
    assert f"The worker ended with code -9; its log is {data_dir / 'worker.log'}" in up.text()
    wait_until(lambda: not any(child.is_running() for child in children), what="all its processes to end")


def test_help_is_quick_because_it_imports_no_celery() -> None:
    for command in ((), ("submit",), ("dead", "list"), ("worker",)):
        assert "Usage: audience" in Audience()(*command, "--help").succeeded().out
    code = "import sys, workers.cli.commands; print({'celery', 'kombu', 'flower', 'tornado'} & {*sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found == "set()\n"
