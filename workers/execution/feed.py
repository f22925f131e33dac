"""How does a job that was handed out reach this worker's pool? As a Celery message that never leaves the process.

Through the broker it would come back to some worker anyway, after more work than all the rest of the job's way, and
could be lost, doubled or purged on it. A worker takes from the lanes what it has free places for, and a few more while
places become free quickly: else each would stand empty until its next job comes, a twelfth of its time with calls of
100 ms. What was taken for a place that then did not become free is given back.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from kombu import Message

from workers.lanes.state import Record

SOON_S = 0.025
"""As many places as became free within this time are expected to become free in it once more."""
AHEAD_SHARE = 8  # one place of so many may have a job that waits for it
OVERDUE_S = 0.25  # a job for which no place became free in this time is given back

log = structlog.get_logger()


@dataclass
class Feed:
    """The places of this worker's pool, and the jobs on their way into them. For any thread."""

    _consumer: Any = None  # Celery's, while it runs
    _held: int = 0
    _freed_at: deque[float] = field(default_factory=lambda: deque([0.0], maxlen=64))
    """When the last places became free."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _records: dict[tuple[str, int], Record] = field(default_factory=dict)  # by provider and fencing number
    _watchers: list[Callable[[], None]] = field(default_factory=list)

    def watch(self, freed: Callable[[], None]) -> None:
        """Have it called whenever a place has become free."""
        self._watchers.append(freed)

    def free(self) -> int:
        """How many more jobs this worker has a place for, now or soon; none while it starts, ends or has no broker."""
        places, since = self._places(), time.monotonic() - SOON_S
        with self._lock:
            soon = min(sum(moment > since for moment in self._freed_at), places // AHEAD_SHARE)
            return max(0, places + soon - self._held)

    def is_ahead(self) -> bool:
        """Whether a job here waits for a place."""
        return self._held > self._places()

    def overdue(self, provider: str) -> list[Record]:
        """The provider's jobs for which a place did not become free as soon as it was expected. They will not begin."""
        if not self.is_ahead() or time.monotonic() - self._freed_at[-1] < OVERDUE_S:
            return []
        found = [self.claim(provider, fence) for its, fence in list(self._records) if its == provider]
        return [record for record in found if record]

    def give(self, provider: str, records: Sequence[Record]) -> bool:
        """Have Celery run the tasks of these jobs. False: it does not run, and none of them will begin."""
        messages = [_message(provider, record) for record in records]
        with self._lock:
            consumer = self._consumer
            if consumer is None:
                return False
            self._held += len(messages)
            self._records.update({(provider, record.fence): record for record in records})
        consumer.call_soon(self._receive, consumer, messages)
        return True

    def claim(self, provider: str, fence: int) -> Record | None:
        """The job whose task begins; once only. None: it was never on its way here, or is not any more."""
        return self._records.pop((provider, fence), None)

    def withdraw(self) -> list[tuple[str, Record]]:
        """Every job whose task has not begun, with its provider. It will not begin, and no other comes after it."""
        self.close()
        found = [(provider, self.claim(provider, fence)) for provider, fence in list(self._records)]
        return [(provider, record) for provider, record in found if record]

    def _places(self) -> int:
        consumer = self._consumer
        return int(consumer.pool.limit) if consumer else 0

    def open(self, consumer: Any) -> None:
        """Celery's consumer runs."""
        self._consumer = consumer
        self._tell()

    def close(self) -> None:
        """It ends, or begins anew."""
        with self._lock:
            self._consumer = None

    def _receive(self, consumer: Any, messages: list[Message]) -> None:
        """In Celery's own thread, which must not end by it: what it does with each message of a broker."""
        for message in messages:
            left = _Once(self._leave)
            try:
                consumer.strategies[message.headers["task"]](message, None, left, left, ())
            except Exception:  # the pool has ended: the job was put back, or its lease runs out
                log.exception("task.not_begun", task=message.headers["task"])
                left()

    def _leave(self) -> None:
        with self._lock:
            self._held -= 1
            self._freed_at.append(time.monotonic())
        self._tell()

    def _tell(self) -> None:
        for freed in self._watchers:
            freed()


class _Once:
    """What Celery calls when it is done with a message: to acknowledge or to reject it, with whatever arguments."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act: Callable[[], None] | None = act

    def __call__(self, *_: Any, **__: Any) -> None:
        act, self._act = self._act, None
        if act:
            act()


def _message(provider: str, job: Record) -> Message:
    """The task message, protocol 2. Of the job it has its name and its lease, and nothing of its content."""
    args = [job.account, job.id, job.fence]
    # One id for all attempts of a run, so that Flower shows one task that was retried.
    task_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{provider}/{job.account}/{job.id}/{job.run}"))
    headers: dict[str, Any] = {
        "lang": "py", "task": f"{provider}.{job.operation}", "id": task_id, "root_id": task_id, "parent_id": None,
        "group": None, "retries": 0, "timelimit": [None, None], "eta": None, "expires": None,
        "argsrepr": repr(tuple(args)), "kwargsrepr": "{}", "ignore_result": True, "origin": "dispatcher",
        "headers": {},  # nobody's own, so that Celery need not look for them
    }  # fmt: skip
    return Message(
        body=(args, {}, {}),  # as Celery reads it: what never leaves the process is not written as JSON
        content_encoding="binary",
        headers=headers,
        properties={"correlation_id": task_id},
        delivery_info={"exchange": "", "routing_key": f"audience.{provider}", "redelivered": False},
    )
