"""How does a measurement speak to the stub? It starts it, reads its ledger, and has it throttle."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx
from real import Process, wait_until


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request, as the provider saw it. ``at`` is a moment of ``time.monotonic``."""

    at: float
    account: str
    number: int
    status: int


class Provider:
    """The stub as a process. Use it in a ``with`` statement."""

    def __init__(self, folder: Path) -> None:
        self._process = Process([sys.executable, "-m", "bench.lanes.stub"], folder / "provider.log")
        port = wait_until(lambda: self._process.text().partition("\n")[0], what="the stub's port")
        self.url = f"http://127.0.0.1:{port}"
        self._client = httpx.Client(base_url=self.url, trust_env=False)
        self.cpu_s = 0.0
        """Processor time that the stub had used when its ledger was last read."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._process.kill()

    def arrivals(self) -> list[Arrival]:
        """Every request since the last call, in order."""
        ledger = self._client.get("/_ledger").raise_for_status().json()
        self.cpu_s = ledger["cpu_s"]
        return [Arrival(*entry) for entry in ledger["entries"]]

    def delay(self, delay_s: float) -> None:
        """Have every audience answered so long after its request, from now on."""
        self._client.get(f"/_delay/{round(delay_s * 1000)}").raise_for_status()

    def throttle(self) -> None:
        """Have the next request answered with 429 and ``Retry-After: 5``."""
        self._client.get("/_throttle").raise_for_status()
