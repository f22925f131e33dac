"""How does a test run the command ``audience``? As its users do: a process, its output, its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[1] / "schemas" / "examples"
COMMAND = [sys.executable, "-m", "workers.cli"]


class Audience:
    """The command with one environment."""

    def __init__(self, **env: str) -> None:
        self.env = env

    def __call__(self, *arguments: str, stdin: bytes = b"", timeout_s: float = 60.0) -> Done:
        return Done(
            subprocess.run(
                [*COMMAND, *arguments],
                input=stdin,
                capture_output=True,
                timeout=timeout_s,
                check=False,
                env={**os.environ, **self.env},
            )
        )


class Done:
    """A command that has ended."""

    def __init__(self, process: subprocess.CompletedProcess[bytes]) -> None:
        self.code = process.returncode
        self.out, self.err = process.stdout.decode(), process.stderr.decode()

    @property
    def lines(self) -> list[Any]:
        """What ``--json`` printed."""
        return [json.loads(line) for line in self.out.splitlines()]

    def failed_with(self, code: int) -> str:
        """What it said, having ended so, in a sentence and not in a traceback."""
        assert self.code == code, (self.code, self.out, self.err)
        assert "Traceback" not in self.err
        return self.err.strip()

    def succeeded(self) -> Done:
        assert self.code == 0, (self.code, self.out, self.err)
        return self


def example(name: str, **changes: Any) -> dict[str, Any]:
    """A job of ``schemas/examples``."""
    return {**json.loads((EXAMPLES / "jobs" / f"{name}.json").read_text()), **changes}


def as_json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode()
