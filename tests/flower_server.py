"""How does a test get Flower with our pages? As its users do: a process, and what it serves."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from real import Process, free_port, wait_until

BY_CELERY = (sys.executable, "-m", "celery", "-A", "workers.app", "flower")
BY_US = (sys.executable, "-m", "workers.cli", "flower")


class FlowerServer:
    """Flower on loopback. It takes some seconds to start."""

    def __init__(
        self,
        folder: Path,
        env: Mapping[str, str],
        command: tuple[str, ...] = BY_CELERY,
        *,
        read_only: bool = False,
        prefix: str = "",
    ) -> None:
        port = free_port()
        ours = {"FLOWER_PORT": str(port), "FLOWER_INSPECT_TIMEOUT": "200"}
        more = {"FLOWER_READ_ONLY": "true"} if read_only else {}
        more |= {"FLOWER_URL_PREFIX": prefix} if prefix else {}
        self.process = Process([*command], folder / f"flower{port}.log", {**env, **ours, **more})
        self.url = f"http://127.0.0.1:{port}" + (f"/{prefix}" if prefix else "")
        wait_until(self._is_up, 30, "a Flower that is up")
        assert self.process.popen.poll() is None, self.process.text()

    def _is_up(self) -> bool:
        return "Visit me at" in self.process.text() or self.process.popen.poll() is not None

    def close(self) -> None:
        self.process.kill()
