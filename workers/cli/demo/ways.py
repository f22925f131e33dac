"""By which ways do jobs come in? The five of the contract, each as its users would use it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.cli.endings import Failed
from workers.lanes.keys import JOBS_STREAM

if TYPE_CHECKING:
    from workers.bootstrap import Service

COMMAND_WITHIN_S = 30.0


class Ways:
    """The ways into one service."""

    def __init__(self, here: Service) -> None:
        self._redis = here.redis
        self._broker_url = here.endpoints.broker_url

    def redis_list(self, body: bytes) -> None:
        """LPUSH audience.jobs '<the JSON>'."""
        self._redis.lpush("audience.jobs", body)

    def redis_stream(self, name: str, value: bytes) -> None:
        """XADD audience:jobs * job '<the JSON>'."""
        self._redis.xadd(JOBS_STREAM, {name: value})

    def celery(self, *arguments: Any) -> None:
        """From a Celery app that knows nothing of this project but the broker."""
        from celery import Celery

        with Celery("upstream", broker=self._broker_url, set_as_current=False) as app:
            app.send_task("audience.submit", args=list(arguments), queue="audience.submit")

    def client(self, job: dict[str, Any]) -> None:
        """By the Python client."""
        from audience_client import Producer

        with Producer(self._broker_url) as producer:
            producer.submit(job)

    def command(self, body: bytes, *options: str) -> None:
        """``audience submit FILE``, in a process of its own."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "job.json"
            file.write_bytes(body)
            run_command("submit", *options, str(file))


def run_command(*arguments: str) -> str:
    """Run the command ``audience`` as a process; its output. Raises ``Failed`` with what it said."""
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-P", "-m", "workers.cli", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_WITHIN_S,
        check=False,
    )
    if done.returncode:
        raise Failed(f"audience {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def as_json(job: dict[str, Any]) -> bytes:
    return json.dumps(job).encode()
