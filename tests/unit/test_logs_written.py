"""What must a log line never do? Show a local variable, or end what it tells of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import structlog
from workers.monitoring import logs
from workers.settings import LogFormat, Settings

logs.set_up(Settings(log_format=LogFormat.CONSOLE))
try:
    token = "sekret-" + "token"
    raise RuntimeError("boom")
except RuntimeError:
    structlog.get_logger().exception("attempt.failed")
print("it goes on")
"""


def test_a_traceback_on_a_terminal_shows_no_local_variables() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert "boom" in done.stderr
    assert "sekret-token" not in done.stderr


def test_a_full_disk_behind_the_log_raises_nothing() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=full, check=True)
    assert done.stdout == b"it goes on\n"
