"""How is a container run here, where no engine is? Its command, with its environment and files, below a folder.

What a description says stays as it is, but for places that only containers have: a path leads into the folder, and
another container's host and port to this machine's.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from real import Process

AUDIENCE = [sys.executable, "-m", "workers.cli"]


@dataclass(frozen=True)
class Machine:
    """Where containers' paths are, and what their hosts and ports are called here."""

    root: Path
    names: Mapping[str, str]

    def here(self, text: str) -> str:
        """The same text, with this machine's places in it."""
        for theirs, ours in self.names.items():
            text = text.replace(theirs, ours)
        for path in ("/run/secrets", "/etc/audience", "/tmp/health"):  # noqa: S108 - a container's
            text = text.replace(path, f"{self.root}{path}")
        return text

    def put(self, path: str, text: str) -> None:
        """A file, at the path that the container has it."""
        target = Path(f"{self.root}{path}")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self.here(text))


@dataclass(frozen=True)
class Container:
    """One container of our image, as its description has it."""

    machine: Machine
    name: str
    words: Sequence[str]
    env: Mapping[str, str]
    files: Mapping[str, str]
    """Their texts, by path."""

    def start(self) -> Process:
        """Run its command."""
        for path, text in self.files.items():
            self.machine.put(path, text)
        log = self.machine.root / f"{self.name}.log"
        (self.machine.root / "tmp").mkdir(parents=True, exist_ok=True)
        return Process([*AUDIENCE, *map(self.machine.here, self.words)], log, self._env())

    def probe(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command inside of it: ``audience …`` or ``python …``."""
        program = {"audience": AUDIENCE, "python": [sys.executable]}[words[0]]
        command = [*program, *map(self.machine.here, words[1:])]
        env = {**os.environ, **self._env()}
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)

    def _env(self) -> dict[str, str]:
        return {name: self.machine.here(value) for name, value in self.env.items()}
