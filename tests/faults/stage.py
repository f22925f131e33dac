"""On what does a run take place? Real servers and processes, with a proxy on every way between them."""

from __future__ import annotations

import os
import platform
import signal
from importlib.metadata import version
from pathlib import Path
from typing import Any

from real import ACCOUNTS, Deployment, Process, RabbitNode, RedisServer, Sandbox, binaries

from faults.door import Door
from faults.limits import enforced, texts
from faults.proxy import Proxy
from faults.wrong_clock import WrongClock
from workers import broker as declared

REQUEST_TIMEOUT_S = 2
_RETRY = "look_after_s = 0.5\nbackoff_cap_s = 5.0\nbreaker_open_s = 1.0\nbreaker_open_cap_s = 4.0\n"


class Stage:
    """The whole service. Workers reach everything through proxies; who watches, reaches it directly."""

    def __init__(self, folder: Path, broker: str, seed: int) -> None:
        valkey = dict(binaries())["valkey"]
        self.door, self.clock = Door(), WrongClock(folder)
        self.state = RedisServer(valkey)
        self.broker = RabbitNode() if broker == "rabbitmq" else RedisServer(valkey)
        self.sandbox = Sandbox(folder, *enforced(seed))
        sandbox_port = int(self.sandbox.url.rpartition(":")[2])
        self.ways = {
            "pubmatic": Proxy(sandbox_port, self.door.see),
            "mintegral": Proxy(sandbox_port, self.door.see),
            "state": Proxy(self.state.port),
            "broker": Proxy(self.broker.port),
        }
        self.deployment = Deployment(
            folder, self.sandbox, self._through(self.broker, "broker"), self._through(self.state, "state")
        )
        self.deployment.config.write_text(self._configuration())
        self.deployment.env["AUDIENCE_CONCURRENCY"] = "24"
        self.deployment.env["AUDIENCE_REQUEST_TIMEOUT_S"] = str(REQUEST_TIMEOUT_S)
        self.workers: list[Process] = []
        self.ended_by_themselves: list[str] = []

    def start_workers(self, count: int) -> None:
        """Start them, and wait until they are ready."""
        self._settle_the_broker()
        for number in range(count):
            self.workers.append(self._started(number, count))
        for worker in self.workers:
            self.deployment.wait_for_worker(worker)

    def replace(self, number: int) -> None:
        """Start a worker in the place of one that has ended."""
        self.workers[number] = self._started(number, len(self.workers))

    def signal(self, number: int, name: signal.Signals) -> None:
        self.note_if_ended(number)
        if self.workers[number].popen.poll() is None:
            os.killpg(self.workers[number].popen.pid, name)

    def note_if_ended(self, number: int) -> None:
        """A worker that nobody ended is a fault of the service."""
        worker = self.workers[number]
        if worker.popen.poll() is not None:
            self.ended_by_themselves.append(f"worker {number}, exit {worker.popen.returncode}: {worker.text()[-2000:]}")

    def versions(self) -> dict[str, str]:
        """Of what ran."""
        with self.state.client() as client:
            info: Any = client.info("server")
        found = {"Python": platform.python_version()}
        found |= {name: version(name) for name in ("celery", "kombu", "redis", "httpx")}
        found["Valkey (state)"] = str(info.get("valkey_version") or info["redis_version"])
        with declared.connect(self.broker.url) as connection:
            if isinstance(self.broker, RabbitNode):
                found["RabbitMQ (broker)"] = str(connection.connection.server_properties["version"])
        return found

    def close(self) -> None:
        for worker in self.workers:
            if worker.popen.poll() is None:
                os.killpg(worker.popen.pid, signal.SIGCONT)
        self.deployment.close()
        for way in self.ways.values():
            way.close()
        self.sandbox.close()
        self.broker.close()
        self.state.close()

    def _started(self, number: int, workers: int) -> Process:
        env = self.clock.env if number == workers - 1 else {}
        return self.deployment.start_worker(**env)

    def _settle_the_broker(self) -> None:
        """Debian's RabbitMQ 3.10 loses quorum queues by a kill minutes after their making, unless restarted before."""
        with declared.connect(self.broker.url) as connection:
            channel = connection.channel()
            for queue in (declared.JOBS, declared.SUBMIT, declared.RESULTS):
                queue(channel).declare()
        if isinstance(self.broker, RabbitNode):
            self.broker.stop()
            self.broker.start()

    def _through(self, server: RedisServer | RabbitNode, way: str) -> str:
        return server.url.replace(f":{server.port}/", f":{self.ways[way].port}/")

    def _configuration(self) -> str:
        lines = []
        for provider, path in (("pubmatic", "/v1"), ("mintegral", "")):
            lines += [f'[{provider}]\nbase_url = "http://127.0.0.1:{self.ways[provider].port}{path}"']
            lines += [f"limits = {texts(provider)}\n[{provider}.retry]\n{_RETRY}"]
            lines += [_account(provider, name) for name in ACCOUNTS]
        return "\n".join(lines)


def _account(provider: str, name: str) -> str:
    credentials = {
        "pubmatic": f'access_token = {{ env = "P_{name}" }}',
        "mintegral": f'access_key = {{ env = "MA_{name}" }}\napi_key = {{ env = "MK_{name}" }}',
    }
    limits = texts(f"{provider}/{name}")
    return f"[{provider}.accounts.{name}]\n{credentials[provider]}\nlimits = {limits}\n"
