"""Do the lines of a batch leave in few writes, whole, and none of them twice?"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from typing import TextIO, cast

from workers.standard_error import PIPE_BUF, StandardError, few_writes


class Pipe:
    """What standard error is for a test; each write is kept."""

    def __init__(self) -> None:
        self.writes: list[str] = []
        self.is_closed = False

    def write(self, text: str) -> None:
        if self.is_closed:
            raise BrokenPipeError
        self.writes.append(text)

    def flush(self) -> None: ...


@contextmanager
def piped() -> Iterator[Pipe]:
    """Not a fixture: pytest puts its own standard error in place for each phase of a test."""
    pipe = Pipe()
    with redirect_stderr(cast(TextIO, pipe)):
        yield pipe


def test_a_line_is_written_at_once() -> None:
    with piped() as pipe:
        StandardError().write("one\n")
        assert pipe.writes == ["one\n"]


def test_the_lines_of_a_batch_are_written_together() -> None:
    with piped() as pipe:
        with few_writes():
            StandardError().write("one\n")
            StandardError().write("two\n")
            assert pipe.writes == []
        assert pipe.writes == ["one\ntwo\n"]
        StandardError().write("three\n")
        assert pipe.writes[1:] == ["three\n"]


def test_no_write_is_longer_than_a_pipe_keeps_whole() -> None:
    with piped() as pipe:
        lines = [f"{number:500}{'ü' * 250}\n" for number in range(50)]
        with few_writes():
            for line in lines:
                StandardError().write(line)
        assert "".join(pipe.writes) == "".join(lines)
        assert all(len(text.encode()) <= PIPE_BUF and text.endswith("\n") for text in pipe.writes)


def test_a_longer_line_is_written_alone() -> None:
    with piped() as pipe:
        long = "x" * PIPE_BUF + "\n"
        with few_writes():
            for line in ("one\n", long, "two\n"):
                StandardError().write(line)
        assert pipe.writes == ["one\n", long, "two\n"]


def test_what_was_said_before_a_failure_is_written() -> None:
    with piped() as pipe:
        with suppress(ZeroDivisionError), few_writes():
            StandardError().write("one\n")
            raise ZeroDivisionError
        assert pipe.writes == ["one\n"]


def test_another_threads_line_waits_for_no_batch() -> None:
    with piped() as pipe, few_writes():
        other = threading.Thread(target=StandardError().write, args=("other\n",))
        other.start()
        other.join()
        assert pipe.writes == ["other\n"]


def test_a_pipe_that_is_closed_ends_no_job() -> None:
    with piped() as pipe:
        pipe.is_closed = True
        with few_writes():
            StandardError().write("one\n")
        StandardError().write("two\n")
