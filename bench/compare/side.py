"""What is measured side by side? A worker with a Valkey of its own, to which jobs are sent as its users send them."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Protocol, Self, TypeAlias

import redis
from kombu import Connection, Producer
from real import Process, RabbitNode, RedisServer, binaries

from bench.compare.work import BROKER_URL, PROVIDER_URL, REDIS_URL, RESULTS
from bench.lanes.service import EVERYSEC, Service, job

Sender: TypeAlias = Callable[[dict[str, Any]], object]
ACCOUNT = "acme"


class Side(Protocol):
    """Use it in a ``with`` statement: its worker runs in it."""

    redis: redis.Redis
    worker: Process

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def submit(self, numbers: Iterable[int]) -> None:
        """Send the jobs that ask for these audiences."""

    def ended(self) -> int:
        """Jobs whose result is there, ever."""


class Other:
    """A worker that one could pick instead. ``open_sender`` is given the URL of its broker."""

    def __init__(
        self, command: list[str], open_sender: Callable[[str], Sender], provider_url: str, *, on_rabbitmq: bool = False
    ) -> None:
        self._server = RedisServer(dict(binaries())["valkey"], *EVERYSEC)
        self._rabbit = RabbitNode() if on_rabbitmq else None
        broker_url = self._rabbit.url if self._rabbit else self._server.url
        self.redis: redis.Redis = self._server.client()
        self._send = open_sender(broker_url)
        env = {PROVIDER_URL: provider_url, BROKER_URL: broker_url, REDIS_URL: self._server.url}
        log = Path(mkdtemp(prefix="compare")) / "log"
        self.worker = Process([str(Path(sys.executable).parent / command[0]), *command[1:]], log, env)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.worker.kill()
        self.redis.close()
        self._server.close()
        if self._rabbit:
            self._rabbit.close()

    def submit(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._send(json.loads(job(ACCOUNT, number)))

    def ended(self) -> int:
        return int(self.redis.llen(RESULTS))


class Ours:
    """Our own service, with an account that nothing limits, and as many threads as it has by default, or so many."""

    def __init__(self, provider_url: str, threads: int | None = None) -> None:
        self._service = Service(provider_url, {ACCOUNT: "max_in_flight = 1000"}, *EVERYSEC)
        if threads is not None:
            self._service.env["AUDIENCE_CONCURRENCY"] = str(threads)
        self.redis = self._service.redis

    def __enter__(self) -> Self:
        (self.worker,) = self._service.start(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._service.__exit__()

    def submit(self, numbers: Iterable[int]) -> None:
        self._service.submit(job(ACCOUNT, number) for number in numbers)

    def ended(self) -> int:
        return self._service.ended()


class OursOnRabbitMQ(Ours):
    """With RabbitMQ for jobs and events, and the state on its Valkey."""

    def __init__(self, provider_url: str) -> None:
        super().__init__(provider_url)
        self._rabbit = RabbitNode()
        self._service.env |= {"AUDIENCE_REDIS_URL": self._service.server.url, "AUDIENCE_BROKER_URL": self._rabbit.url}
        self._connection = Connection(self._rabbit.url)
        self._producer = Producer(self._connection)

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._connection.release()
        self._rabbit.close()

    def submit(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._producer.publish(job(ACCOUNT, number), routing_key="audience.jobs", content_type="application/json")


@contextmanager
def held(side: Side) -> Iterator[None]:
    """Stop a side's processes, so that what is sent to it waits: no side works while its jobs are still being sent."""
    os.killpg(side.worker.popen.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(side.worker.popen.pid, signal.SIGCONT)
