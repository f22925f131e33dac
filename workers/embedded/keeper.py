"""How does an embedded server live exactly as long as somebody needs it? This process keeps it.

Every process that wants the server starts a keeper and holds the other end of its standard input. The keepers of
one data directory agree by a file lock: one of them runs the server, the others stand by and take over when the
lock is free. When its own process is gone, even by kill -9, the pipe closes, and the keeper ends its server. The
server inherits the lock, so that the lock is free only when no server runs.

Runs as a plain script with the standard library only: ``keeper.py BINARY DIRECTORY SOCKET``.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import threading

STAND_BY_S = 0.2
STOP_S = 10.0


def main(binary: str, directory: str, socket: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that needs the server
    server: subprocess.Popen[bytes] | None = None
    gone = False
    while not gone:
        server = _start(binary, directory, socket)
        gone = server is not None and _parent_is_gone(None)
        # The server belongs to another keeper, or it ended by itself: again, after a breath.
        gone = gone or _parent_is_gone(STAND_BY_S)
    if server is not None:
        _stop(server)


def _parent_is_gone(wait_s: float | None) -> bool:
    """Whether standard input has ended; waits so long for it, without a time also for the server's end."""
    readable, _, _ = select.select([sys.stdin, _server_ended[0]], [], [], wait_s)
    if _server_ended[0] in readable:
        os.read(_server_ended[0], 1)
    return sys.stdin in readable


_server_ended = os.pipe()


def _start(binary: str, directory: str, socket: str) -> subprocess.Popen[bytes] | None:
    """The server, or None while another keeper's server runs."""
    lock = os.open(os.path.join(directory, "server.lock"), os.O_RDWR | os.O_CREAT, 0o600)  # noqa: PTH118 - no imports
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        server = subprocess.Popen(  # noqa: S603 - our own binary
            [
                binary, "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700", "--dir", directory,
                "--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory-policy", "noeviction",
                "--logfile", os.path.join(directory, "server.log"), "--daemonize", "no",  # noqa: PTH118
            ],
            pass_fds=[lock], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except BlockingIOError:
        return None
    finally:
        os.close(lock)
    threading.Thread(target=lambda: (server.wait(), os.write(_server_ended[1], b".")), daemon=True).start()
    with contextlib.suppress(OSError), open(os.path.join(directory, "server.pid"), "w") as pid_file:  # noqa: PTH118, PTH123
        pid_file.write(f"{server.pid}\n")  # for people; the lock is what counts, and a full disk must not end us
    return server


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(STOP_S)
        return
    server.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])
