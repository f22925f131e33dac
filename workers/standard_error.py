"""How does a line of the log leave the process? By one write; those of a batch by few, each a change of threads.

A line that cannot be written is lost: no job ends for a full disk, or a closed pipe, behind the log.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

PIPE_BUF = 4096  # Linux: a longer write into a pipe may be torn apart by the lines of another process

_of_thread = threading.local()


class StandardError:
    """The file that lines are written to. Looked up each time: tests and servers replace it."""

    def write(self, text: str) -> None:
        """Write a line, or keep it where its thread writes few times."""
        kept: _Kept | None = getattr(_of_thread, "kept", None)
        if kept is None:
            _write(text)
        else:
            kept.add(text)

    def flush(self) -> None:
        """Nothing: what is written is out."""


@contextmanager
def few_writes() -> Iterator[None]:
    """Write this thread's lines together, at the latest when this ends. Not one within another."""
    kept = _of_thread.kept = _Kept()
    try:
        yield
    finally:
        _of_thread.kept = None
        kept.write()


class _Kept:
    """Lines that one write may take."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._bytes = 0

    def add(self, line: str) -> None:
        size = len(line) if line.isascii() else len(line.encode(errors="backslashreplace"))
        if self._bytes + size > PIPE_BUF:
            self.write()
        self._lines.append(line)
        self._bytes += size

    def write(self) -> None:
        if self._lines:
            _write("".join(self._lines))
        self._lines, self._bytes = [], 0


def _write(text: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()
