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
        kept: list[str] | None = getattr(_of_thread, "kept", None)
        if kept is None:
            _write(text)
            return
        if sum(map(_size, kept)) + _size(text) > PIPE_BUF:
            _write_all(kept)
        kept.append(text)

    def flush(self) -> None:
        """Nothing: what is written is out."""


@contextmanager
def few_writes() -> Iterator[None]:
    """Write this thread's lines together, at the latest when this ends. Not one within another."""
    kept: list[str] = []
    _of_thread.kept = kept
    try:
        yield
    finally:
        _of_thread.kept = None
        _write_all(kept)


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="backslashreplace"))


def _write_all(kept: list[str]) -> None:
    if kept:
        _write("".join(kept))
        kept.clear()


def _write(text: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()
