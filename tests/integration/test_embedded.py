"""Does the embedded server live exactly as long as somebody needs it, and keep what it was told?"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from real import wait_until

USER = """
import sys
from pathlib import Path
from workers.embedded.server import ensure_running, stop
socket = ensure_running(Path(sys.argv[1]))
print(socket, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: a Unix socket's is limited."""
    path = Path(tempfile.mkdtemp(prefix="v"))
    yield path
    shutil.rmtree(path)


class User:
    """A process that needs the server."""

    def __init__(self, folder: Path) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-c", USER, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.popen.stdout is not None
        self.socket = self.popen.stdout.readline().strip()
        assert self.socket

    def kill(self) -> None:
        self.popen.send_signal(signal.SIGKILL)
        self.popen.communicate()

    def leave(self) -> None:
        self.popen.communicate("")


def client(folder: Path) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(folder / "valkey.sock"))


def server_pid(folder: Path) -> int:
    return int((folder / "server.pid").read_text())


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "valkey" in Path(f"/proc/{pid}/cmdline").read_text() if Path("/proc").exists() else True


def test_it_ends_with_its_user_and_keeps_what_it_was_told(folder: Path) -> None:
    user = User(folder)
    client(folder).set("key", "value")
    pid = server_pid(folder)
    user.leave()
    wait_until(lambda: not runs(pid), what="the server's end")
    user = User(folder)
    assert client(folder).get("key") == b"value"
    user.leave()


def test_it_is_gone_when_its_user_is_killed(folder: Path) -> None:
    user = User(folder)
    client(folder).set("key", "value")
    pid = server_pid(folder)
    user.kill()
    wait_until(lambda: not runs(pid), what="the server's end")


def test_two_users_share_one_and_the_second_takes_over(folder: Path) -> None:
    first, second = User(folder), User(folder)
    pid = server_pid(folder)
    client(folder).set("key", "value")
    first.kill()
    wait_until(lambda: server_pid(folder) != pid and runs(server_pid(folder)), what="a server of the second's keeper")
    wait_until(lambda: answers(folder), what="its answer")
    assert client(folder).get("key") == b"value"
    last = server_pid(folder)
    second.leave()
    wait_until(lambda: not runs(last), what="the server's end")


def test_it_is_started_again_when_it_crashes(folder: Path) -> None:
    user = User(folder)
    pid = server_pid(folder)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: server_pid(folder) != pid and answers(folder), what="a new server")
    user.leave()


def test_it_evicts_nothing_and_writes_down_what_it_acknowledges(folder: Path) -> None:
    user = User(folder)
    with client(folder) as server:
        assert server.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert server.config_get("appendonly") == {"appendonly": "yes"}
        assert server.config_get("port") == {"port": "0"}
    assert (folder / "valkey.sock").stat().st_mode & 0o077 == 0
    user.leave()


def answers(folder: Path) -> bool:
    try:
        return bool(client(folder).ping())
    except redis.RedisError:
        return False
