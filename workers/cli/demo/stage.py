"""What does the demo run on? Everything its own: a folder, the embedded server, the sandbox, a worker."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workers.cli.demo.sandbox_control import SandboxControl
from workers.cli.output import note
from workers.cli.parts import Parts
from workers.cli.with_sandbox import credentials, write_config

if TYPE_CHECKING:
    from workers.bootstrap import Service

LOOK_AFTER_S = 0.5  # a demo need not wait as long for a lost answer as production should


@dataclass(frozen=True)
class Stage:
    """The parts of the demo, up and ready."""

    service: Service
    sandbox: SandboxControl
    parts: Parts


@contextmanager
def stage() -> Iterator[Stage]:
    """Set it up, and clear it away: the folder stays where something failed, for its logs."""
    folder = _folder()
    try:
        with _parts(folder) as up:
            yield up
    except Exception:
        note(f"The logs are in {folder}; the worker's is {folder / 'worker.log'}")
        raise
    except BaseException:  # Ctrl-C
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _parts(folder: Path) -> Iterator[Stage]:
    from sandbox.cli import READY
    from workers.bootstrap import announce_embedded, service
    from workers.embedded import server

    _own_environment(folder)
    try:
        with Parts(folder) as parts:
            sandbox = parts.start("sandbox", "sandbox", "--port", "0", env=os.environ)
            url = sandbox.wait_for(READY).partition(READY)[2].strip()
            write_config(folder / "audience.toml", url, LOOK_AFTER_S)
            here = service()
            announce_embedded(here, note)
            parts.start("worker", "workers.cli", "worker", env=os.environ).wait_for(" ready.")
            control = SandboxControl(url)
            yield Stage(here, control, parts)
            control.close()
            here.redis.close()
    finally:
        server.stop(folder)  # after the worker, which otherwise would keep one of its own


def _own_environment(folder: Path) -> None:
    """Nothing of a real deployment may reach the demo, nor the demo a real deployment."""
    for name in [name for name in os.environ if name.startswith("AUDIENCE_")]:
        del os.environ[name]
    os.environ |= {
        "AUDIENCE_DATA_DIR": str(folder),
        "AUDIENCE_CONFIG": str(folder / "audience.toml"),
        "AUDIENCE_LOG_FORMAT": "json",
        **credentials(),
    }


def _folder() -> Path:
    """A new folder, near enough to the root for a Unix socket in it."""
    longest = 60
    near = tempfile.gettempdir() if len(tempfile.gettempdir()) < longest else "/tmp"  # noqa: S108 - mkdtemp is safe
    return Path(tempfile.mkdtemp(prefix="audience-", dir=near))
