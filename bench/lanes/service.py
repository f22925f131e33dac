"""Which service is measured? A Redis or Valkey, a configuration, and worker processes, as its users run them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Self

import redis
from real import Process, RedisServer, binaries, wait_until

from workers.lanes.orders import Orders

EVERYSEC = ("--appendfsync", "everysec")
ALWAYS = ("--appendfsync", "always")


def job(account: str, number: int, **other: Any) -> bytes:
    """A job that asks for one audience: one request, which carries its number."""
    payload = {"accountType": "PUBLISHER", "accountId": 27332341, "audienceId": number}
    fields = {
        "id": f"{account}-{number}",
        "provider": "pubmatic",
        "account": account,
        "operation": "get_audience",
        "payload": payload,
    }
    return json.dumps({**fields, **other}).encode()


class Service:
    """One deployment. ``accounts``: what the configuration says of each, as lines of TOML."""

    def __init__(self, provider_url: str, accounts: Mapping[str, str], *server_options: str) -> None:
        self.folder = Path(mkdtemp(prefix="bench"))
        self.server = RedisServer(dict(binaries())["valkey"], *server_options)
        self.redis: redis.Redis = self.server.client()
        self.orders = Orders(self.redis, "pubmatic", "bench")
        self.env = self._configure(provider_url, accounts)
        self._workers: list[Process] = []

    def _configure(self, provider_url: str, accounts: Mapping[str, str]) -> dict[str, str]:
        config = self.folder / "audience.toml"
        tables = [
            f'[pubmatic.accounts.{name}]\naccess_token = {{ env = "TOKEN_{name}" }}\n{lines}\n'
            for name, lines in accounts.items()
        ]
        config.write_text(f'[pubmatic]\nbase_url = "{provider_url}/v1"\n' + "".join(tables))
        tokens = {f"TOKEN_{name}": name for name in accounts}
        return {
            "AUDIENCE_BROKER_URL": self.server.url,
            "AUDIENCE_CONFIG": str(config),
            "AUDIENCE_LOG_FORMAT": "json",
            **tokens,
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.kill()
        self.redis.close()
        self.server.close()

    def start(self, workers: int) -> list[Process]:
        """Start so many worker processes, and wait until they are ready. All that run."""
        for number in range(workers):
            command = [
                sys.executable, "-m", "celery", "-A", "workers.app", "worker", "-n", f"w{number}@bench",
                "--without-mingle", "--without-gossip",
            ]  # fmt: skip
            self._workers.append(Process(command, self.folder / f"worker{number}.log", self.env))
        for worker in self._workers:
            wait_until(lambda each=worker: " ready." in each.text(), 60, "a worker that is ready")  # type: ignore[misc]
        return self._workers

    def submit(self, bodies: Iterable[bytes]) -> None:
        """Put jobs on the broker's list, as bare JSON."""
        with self.redis.pipeline(transaction=False) as pipe:
            for body in bodies:
                pipe.lpush("audience.jobs", body)
            pipe.execute()

    def waiting(self, account: str) -> int:
        """Jobs of one lane that wait."""
        return int(self.redis.hget(f"audience:{{pubmatic}}:lane:{account}", "waiting") or 0)

    def in_flight(self) -> int:
        """Jobs of all lanes that are handed out."""
        return int(self.redis.hget("audience:{pubmatic}:lane:*", "in_flight") or 0)

    def ended(self) -> int:
        """Jobs whose event has reached the results stream, ever."""
        return int(self.redis.xinfo_stream("audience:results")["entries-added"]) if self._has_results() else 0

    def _has_results(self) -> bool:
        return bool(self.redis.exists("audience:results"))

    def quiesce(self, account: str) -> None:
        """Pause a lane and wait until nothing is in flight."""
        self.orders.pause(account, None, "the measurement is over")
        wait_until(lambda: self.in_flight() == 0, 60, "a lane with nothing in flight")
