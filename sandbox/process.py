"""How a test or a demo gets a sandbox process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.cli import READY

_STOP_WITHIN_S = 10.0


@contextmanager
def started(*options: str) -> Iterator[str]:
    """Runs `python -m sandbox` on a free port and yields its URL; ends exactly this process afterwards."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", *options]
    # The folder above the package, so that it is found whether it is installed or not.
    where = Path(__file__).parents[1]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=where) as process:  # noqa: S603 -- our own
        try:
            yield _url(process)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _url(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line.startswith(READY):
        raise RuntimeError(f"the sandbox did not start: {line.strip() or 'see its errors above'}")
    return line.removeprefix(READY).strip()
