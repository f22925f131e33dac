"""How are the service's processes run side by side? Each with a log file, all ended together, whatever happens."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Self

from workers.cli.endings import Failed

START_WITHIN_S = 30.0
STOP_WITHIN_S = 35.0  # the worker's own grace is 30 s
_LOOK_EVERY_S = 0.05


@dataclass(frozen=True)
class Part:
    """One process. Its output goes to its log."""

    name: str
    log: Path
    process: subprocess.Popen[bytes]

    def wait_for(self, sign: str) -> str:
        """The line of the log that holds the sign. Raises ``Failed`` if the process ends before, or is too slow."""
        deadline = time.monotonic() + START_WITHIN_S
        while True:
            ended = self.process.poll() is not None
            for line in self.log.read_text(errors="replace").splitlines():
                if sign in line:
                    return line
            if ended or time.monotonic() > deadline:
                how = f"ended with code {self.process.returncode}" if ended else f"was not up in {START_WITHIN_S:g} s"
                raise Failed(f"The {self.name} {how}; its log is {self.log}:\n{self.last_lines()}")
            time.sleep(_LOOK_EVERY_S)

    def last_lines(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])


class Parts:
    """The processes of one command, in the order of their start. Leaving it ends them, the last one first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._all: list[Part] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with uninterrupted():
            self._end()

    def start(self, name: str, module: str, *arguments: str, env: Mapping[str, str]) -> Part:
        """Start ``python -m MODULE …`` in a session of its own: Ctrl-C is for us, who end it in its turn."""
        log = self._folder / f"{name}.log"
        with log.open("wb") as output:
            # -P: a folder named like our modules, where the command happens to be called, is not ours.
            process = subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, "-P", "-m", module, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(env),
                start_new_session=True,
            )
        part = Part(name, log, process)
        self._all.append(part)
        return part

    def check(self) -> None:
        """Raises ``Failed`` if one has ended by itself."""
        for part in self._all:
            code = part.process.poll()
            if code is not None:
                raise Failed(f"The {part.name} ended with code {code}; its log is {part.log}:\n{part.last_lines()}")

    def _end(self) -> None:
        deadline = time.monotonic() + STOP_WITHIN_S
        for part in reversed(self._all):
            part.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                part.process.wait(max(0.0, deadline - time.monotonic()))
                continue
            part.process.kill()
            part.process.wait()


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the command as Ctrl-C does, so that its parts end, too."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handled((signal.SIGTERM, signal.SIGHUP), interrupt):
        yield


@contextmanager
def ended_after(seconds: float) -> Iterator[None]:
    """Whatever hangs inside, it ends: ``Failed`` is raised when the time is over."""

    def fail(_number: int, _frame: FrameType | None) -> None:
        raise Failed(f"It was not done within {seconds:g} s.")

    with _handled((signal.SIGALRM,), fail):
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """A second Ctrl-C must not keep the parts from ending."""
    with _handled((signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM), signal.SIG_IGN):
        yield


@contextmanager
def _handled(
    numbers: tuple[signal.Signals, ...], handler: Callable[[int, FrameType | None], None] | signal.Handlers
) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, handler_before in before.items():
            signal.signal(number, handler_before)
