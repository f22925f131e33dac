"""Which packages does a test's JavaScript use? Those of its folder's lock, put beside it once."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from real import missing


def install(folder: Path) -> None:
    """Make ``folder/node_modules`` what ``folder/package-lock.json`` says."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            missing(program)
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    installed = folder / "node_modules" / ".lock-sha256"
    if installed.exists() and installed.read_text() == wanted:
        return
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    installed.write_text(wanted)
