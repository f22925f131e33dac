"""How do many threads share one call? Who comes while one is under way goes along with the next."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from copy import copy
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Together(Generic[Asked, Answer]):
    """Makes a call for many out of calls for one, without a thread or a wait of its own. For any thread.

    ``act`` is given at most ``most`` at a time, by the thread that has waited longest, and returns an answer for each.
    """

    def __init__(self, act: Callable[[Sequence[Asked]], Sequence[Answer]], most: int) -> None:
        self._act = act
        self._most = most
        self._lock = threading.Lock()
        self._waiting: deque[_One[Asked, Answer]] = deque()
        self._is_under_way = False

    def __call__(self, asked: Asked) -> Answer:
        """The answer to this one. Raises what ``act`` raises, in every thread that went along."""
        mine = _One[Asked, Answer](asked)
        with self._lock:
            self._waiting.append(mine)
            goes_now, self._is_under_way = not self._is_under_way, True
        if not goes_now:
            mine.woken.acquire()  # answered, or the first of those who wait
        if not mine.answers and not mine.error:
            self._go()
        if mine.error:
            raise copy(mine.error) from mine.error  # one for each thread: its traceback grows where it is raised
        return mine.answers[0]

    def _go(self) -> None:
        """For the first of those who wait: go, with whoever else waits."""
        with self._lock:
            going = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
        try:
            for one, answer in zip(going, self._act([one.asked for one in going]), strict=True):
                one.answers.append(answer)
        except BaseException as error:  # noqa: BLE001 - raised in each thread
            for one in going:
                one.error = error
        with self._lock:
            self._is_under_way = bool(self._waiting)
            if self._waiting:
                self._waiting[0].woken.release()
        for one in going:
            one.woken.release()


class _One(Generic[Asked, Answer]):
    __slots__ = ("answers", "asked", "error", "woken")

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.answers: list[Answer] = []
        self.error: BaseException | None = None
        self.woken = threading.Lock()
        self.woken.acquire()
