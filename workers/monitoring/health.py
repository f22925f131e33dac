"""How does a worker show that it is well? In a file, every two seconds: when each of its threads last took a turn.

A file, because a probe must tell of this very worker, with whatever the worker does in truth: its own connections and
threads. It needs no port and lets nobody in. Times are of the monotonic clock, which all processes of a machine share
and nobody sets. The file is first written when the worker has written its limits into the state.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog
from celery import bootsteps

from workers.bootstrap import service
from workers.loop import Loop
from workers.monitoring.queues import queues_at
from workers.monitoring.signs import BROKER, Signs, Turn
from workers.settings import SettingsError

WRITE_EVERY_S = 2.0
ASK_EVERY_S = 5.0

log = structlog.get_logger()


class Beat(bootsteps.StartStopStep):  # type: ignore[misc]  # celery has no types
    """Notes when Celery's own loop takes a turn, while its consumer is connected to the broker."""

    requires = ("celery.worker.consumer.tasks:Tasks",)
    turned_at: float | None = None
    """Of this process, which runs one worker."""

    def include_if(self, parent: Any) -> bool:  # noqa: ARG002 - celery's face
        return service().settings.health_file is not None

    def start(self, parent: Any) -> None:
        self._turned()
        self._timer = parent.timer.call_repeatedly(WRITE_EVERY_S, self._turned)

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - celery's face
        self._timer.cancel()

    def _turned(self) -> None:
        Beat.turned_at = time.monotonic()


class AskBroker:
    """Asks the broker whether it answers: a worker with nothing to publish would else not know."""

    def __init__(self, url: str) -> None:
        self._queues = queues_at(url)

    def turn(self) -> None:
        """Ask, over a connection that is kept, and wait. Raises ``ConnectionError`` without an answer."""
        if self._queues.depths() is None:
            raise ConnectionError("the broker does not answer")
        time.sleep(ASK_EVERY_S)


class HealthFile(threading.Thread):
    """Writes the signs of one worker, as long as its process lives."""

    def __init__(self, path: Path, loops: Sequence[Loop], broker_url: str) -> None:
        super().__init__(name="health", daemon=True)
        self._broker = Loop(BROKER, AskBroker(broker_url).turn)
        self._path, self._loops = path, (*loops, self._broker)
        self._fails = False

    def begin(self) -> None:
        """Write the first signs, and go on. Raises ``SettingsError`` where the file cannot be written."""
        try:
            self._write()
        except OSError as error:
            raise SettingsError(
                f"AUDIENCE_HEALTH_FILE: {self._path} cannot be written ({error.strerror}); "
                "each worker of one machine needs a file of its own, in a folder that it may write to"
            ) from error
        self._broker.start()
        self.start()

    def run(self) -> None:
        while True:
            time.sleep(WRITE_EVERY_S)
            try:
                self._write()
            except OSError as error:  # a full disk: the file grows old, and says so
                if not self._fails:
                    log.warning("health.not_written", error=f"{type(error).__name__}: {error.strerror}")
                self._fails = True
            else:
                self._fails = False

    def _write(self) -> None:
        turns = {loop.name: Turn(loop.turned_at, loop.is_failing) for loop in self._loops}
        signs = Signs(os.getpid(), time.monotonic(), Beat.turned_at, turns)
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.write_text(json.dumps(asdict(signs)))
        beside.replace(self._path)  # a reader sees the old file or the new one
