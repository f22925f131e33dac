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
from celery import signals

from workers.loop import Loop
from workers.monitoring.signs import Signs, Turn
from workers.settings import SettingsError

WRITE_EVERY_S = 2.0

log = structlog.get_logger()


class HealthFile(threading.Thread):
    """Writes the signs of one worker, as long as its process lives."""

    def __init__(self, path: Path, loops: Sequence[Loop]) -> None:
        super().__init__(name="health", daemon=True)
        self._path, self._loops = path, loops
        self._celery_turned_at: float | None = None
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
        # Celery sends it from the loop that takes its messages, while it is connected to the broker.
        signals.heartbeat_sent.connect(self._celery_turned, weak=False)
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

    def _celery_turned(self, **_: Any) -> None:
        self._celery_turned_at = time.monotonic()

    def _write(self) -> None:
        turns = {loop.name: Turn(loop.turned_at, loop.is_failing) for loop in self._loops}
        signs = Signs(os.getpid(), time.monotonic(), self._celery_turned_at, turns)
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.write_text(json.dumps(asdict(signs)))
        beside.replace(self._path)  # a reader sees the old file or the new one
