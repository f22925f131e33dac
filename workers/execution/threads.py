"""Where do tasks run? In threads that stand from the worker's start, and take one after the other from one queue.

Celery's own pool of threads (5.7.0) makes a future for each task, with a condition and its locks. Nobody here waits
for one, and they took 6% of a busy worker's processor time.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

import structlog
from celery.concurrency.base import BasePool, apply_target

log = structlog.get_logger()


class Pool(BasePool):  # type: ignore[misc]  # celery has no types
    """A pool as Celery wants it, of ``limit`` threads."""

    signal_safe = False
    body_can_be_buffer = True

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._tasks: SimpleQueue[tuple[Any, ...] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def on_start(self) -> None:
        for number in range(self.limit):
            thread = threading.Thread(target=self._work, name=f"pool-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)
        atexit.register(self.on_stop)  # a worker that ends without a word ends the requests in flight, too

    def on_apply(
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        callback: Callable[..., Any] | None = None,
        accept_callback: Callable[..., Any] | None = None,
        **_: Any,
    ) -> None:
        if not self._threads:
            raise RuntimeError("the pool has ended")
        self._tasks.put((target, args, kwargs, callback, accept_callback))

    def on_stop(self) -> None:
        """Wait for the tasks that run. Those that have not begun never will: their jobs have other ways to go on."""
        with suppress(Empty):
            while True:
                self._tasks.get_nowait()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        atexit.unregister(self.on_stop)

    def _get_info(self) -> dict[str, Any]:
        """What ``celery inspect stats`` shows."""
        return {**super()._get_info(), "threads": len(self._threads), "waiting": self._tasks.qsize()}

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                apply_target(*task)
            except BaseException:  # also what ends a thread elsewhere: there is none to take its place
                log.exception("task.broke_off")
            del task  # and with it the job, however long the next one is in coming
