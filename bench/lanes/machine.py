"""On which machine, how busy with other work, was a figure measured? What a reader must know to compare it."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from real import binaries


def machine() -> dict[str, Any]:
    """Cores, processor, system, servers and the project's commit."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "servers": {name: _words([binary, "--version"]) for name, binary in binaries()},
        "commit": _words(["git", "describe", "--always", "--dirty"]),
    }


def load() -> float:
    """The load average of the last minute. What is above our own work is others'."""
    return os.getloadavg()[0]


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _words(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
