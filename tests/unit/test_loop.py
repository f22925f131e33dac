"""What do the threads of a process say of an outage? One line when it begins, one when it is over for all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import amqp
import pytest
import redis
from kombu.exceptions import OperationalError
from real import wait_until
from structlog.testing import capture_logs

from workers.loop import Loop

REFUSED = redis.ConnectionError("Error 111 connecting to 127.0.0.1:1. Connection refused.")
CLOSED = redis.ConnectionError("Connection closed by server.")


class Turns:
    """The turns of a loop: they fail with the error that is set, and count."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.count = error, 0

    def __call__(self) -> None:
        self.count += 1
        threading.Event().wait(0.01)
        if self.error is not None:
            raise self.error

    def pass_by(self) -> None:
        """Until one more has begun and ended."""
        two_more = self.count + 2
        wait_until(lambda: self.count >= two_more, what="two more turns")


@contextmanager
def looping(**turns: Callable[[], None]) -> Iterator[None]:
    loops = [Loop(name, turn) for name, turn in turns.items()]
    for loop in loops:
        loop.start()
    try:
        yield
    finally:
        for loop in loops:
            loop.stop()
        for loop in loops:
            loop.join()


def said(lines: list[Any]) -> list[tuple[str, Any]]:
    return [(line["event"], line.get("loop", line.get("loops"))) for line in lines]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (REFUSED, CLOSED),
        (REFUSED, redis.TimeoutError("Timeout reading from socket")),
        (ConnectionRefusedError(111, "refused"), amqp.RecoverableConnectionError("Socket was disconnected")),
        (redis.ReadOnlyError("You can't write against a read only replica."),) * 2,
    ],
)
def test_an_outage_is_said_by_the_first_and_over_with_the_last(one: Exception, other: Exception) -> None:
    first, second = Turns(one), Turns()
    with capture_logs() as lines, looping(first=first, second=second):
        first.pass_by()
        second.error = other
        second.pass_by()
        first.error = None
        first.pass_by()
        assert said(lines) == [("loop.waiting", "first")]
        second.error = None
        second.pass_by()
        assert said(lines) == [("loop.waiting", "first"), ("loop.recovered", ["first", "second"])]


def test_what_is_no_outage_of_the_same_is_said_too() -> None:
    wrong = redis.ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value")
    loops = {
        "state": Turns(REFUSED),
        "key": Turns(wrong),
        "queue": Turns(OSError("no route")),
        "bug": Turns(KeyError()),
    }
    with capture_logs() as lines, looping(**loops):
        wait_until(lambda: all(turns.count > 2 for turns in loops.values()), what="three turns of each")
        assert sorted(said(lines)) == [
            ("loop.failed", "bug"), ("loop.waiting", "key"), ("loop.waiting", "queue"), ("loop.waiting", "state"),
        ]  # fmt: skip


def test_what_kombu_wraps_is_taken_for_what_it_is() -> None:
    wrapped = OperationalError("Error 111 connecting")
    wrapped.__cause__ = CLOSED
    first, second = Turns(wrapped), Turns(REFUSED)
    with capture_logs() as lines, looping(first=first, second=second):
        first.pass_by()
        second.pass_by()
        assert len(lines) == 1


def test_a_loop_that_goes_on_to_wait_for_something_else_says_both() -> None:
    turns = Turns(REFUSED)
    with capture_logs() as lines, looping(only=turns):
        turns.pass_by()
        turns.error = OSError("the broker")
        turns.pass_by()
        assert said(lines) == [("loop.waiting", "only"), ("loop.recovered", ["only"]), ("loop.waiting", "only")]


def test_a_loop_that_ends_in_an_outage_leaves_it() -> None:
    first, second = Turns(REFUSED), Turns(REFUSED)
    with capture_logs() as lines, looping(second=second):
        with looping(first=first):
            first.pass_by()
            second.pass_by()
        second.error = None
        second.pass_by()
        assert [event for event, _ in said(lines)] == ["loop.waiting", "loop.recovered"]


def test_what_comes_next_is_gathered_until_the_loop_is_stopped() -> None:
    turns = []

    def turn() -> float | None:
        turns.append(time.monotonic())
        return {1: None, 2: 0.2}.get(len(turns), 60.0)

    loop = Loop("gathers", turn)
    loop.start()
    wait_until(lambda: len(turns) == 3, what="a turn after what was gathered")
    assert turns[2] - turns[1] >= 0.2
    assert turns[1] - turns[0] < 0.2
    loop.stop()
    loop.join(10)
    assert not loop.is_alive()
    assert len(turns) == 3
