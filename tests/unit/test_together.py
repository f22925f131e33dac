"""Do calls of many threads go together, each with its own answer, and does none of them hang?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pytest
from real import wait_until

from workers.lanes.together import Together

PATIENCE_S = 20.0


class Way:
    """Answers with the double of what is asked, once it is let through; each call's questions are kept."""

    def __init__(self, most: int = 32) -> None:
        self.calls: list[list[int]] = []
        self.fails_with: Exception | None = None
        self._may_go = threading.Semaphore(0)
        self.ask = Together(self._answer, most)

    def _answer(self, asked: Sequence[int]) -> list[int]:
        self.calls.append(list(asked))
        assert self._may_go.acquire(timeout=PATIENCE_S)
        if self.fails_with:
            raise self.fails_with
        return [number * 2 for number in asked]

    def let_through(self, calls: int = 1) -> None:
        self._may_go.release(calls)

    def asked_in_turn(self, pool: ThreadPoolExecutor, numbers: Sequence[int]) -> list[Future[int]]:
        """One thread each; the next one asks once the one before waits."""
        answers = []
        for number in numbers:
            answers.append(pool.submit(self.ask, number))
            wait_until(partial(self._is_known, number), what="a question that waits")
        return answers

    def _is_known(self, number: int) -> bool:
        waiting = [one.asked for one in self.ask._waiting.copy()]  # noqa: SLF001 - nothing else tells it
        return number in waiting or any(number in call for call in self.calls)


@pytest.fixture
def pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(64)


def answers_of(futures: Sequence[Future[int]]) -> list[int]:
    return [each.result(PATIENCE_S) for each in futures]


def test_who_is_alone_goes_alone() -> None:
    way = Way()
    way.let_through(2)
    assert [way.ask(1), way.ask(2)] == [2, 4]
    assert way.calls == [[1], [2]]


def test_who_comes_while_a_call_is_under_way_goes_along_with_the_next(pool: ThreadPoolExecutor) -> None:
    way = Way()
    with pool:
        asked = way.asked_in_turn(pool, [1, 2, 3, 4])
        way.let_through(2)
        assert answers_of(asked) == [2, 4, 6, 8]
    assert way.calls == [[1], [2, 3, 4]]


def test_a_call_takes_no_more_than_it_may(pool: ThreadPoolExecutor) -> None:
    way = Way(most=2)
    with pool:
        asked = way.asked_in_turn(pool, [1, 2, 3, 4])
        way.let_through(3)
        assert answers_of(asked) == [2, 4, 6, 8]
    assert way.calls == [[1], [2, 3], [4]]


def test_a_failure_reaches_everybody_who_went_along_and_nobody_else(pool: ThreadPoolExecutor) -> None:
    way = Way(most=2)
    with pool:
        asked = way.asked_in_turn(pool, [1, 2, 3, 4])
        way.let_through()
        assert asked[0].result(PATIENCE_S) == 2
        wait_until(lambda: len(way.calls) == 2, what="the second call")
        way.fails_with = OSError("out of reach")
        way.let_through()
        errors = [each.exception(PATIENCE_S) for each in asked[1:3]]
        assert [str(error) for error in errors] == ["out of reach"] * 2
        assert errors[0] is not errors[1]
        wait_until(lambda: len(way.calls) == 3, what="the third call")
        way.fails_with = None
        way.let_through()
        assert asked[3].result(PATIENCE_S) == 8
    assert way.calls == [[1], [2, 3], [4]]


@pytest.mark.parametrize("most", [1, 3, 64])
def test_no_answer_is_lost_or_given_to_another(pool: ThreadPoolExecutor, most: int) -> None:
    ask: Callable[[int], int] = Together(lambda asked: [number * 2 for number in asked], most)
    with pool:
        assert list(pool.map(ask, range(20_000), timeout=60)) == [number * 2 for number in range(20_000)]
