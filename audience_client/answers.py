"""How does a Python program wait for the event of a job that it sends? It listens first, then sends, then waits."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, TypeAlias

from audience_client.events import PATIENCE_S, REMEMBERED, read, reader_of
from schemas.event import Event
from schemas.job import Job

LEAST_S = 1.0
"""A server that has just come back is given this long to answer."""

_Name: TypeAlias = tuple[str | None, str | None, str | None]


class NoAnswer(TimeoutError):  # noqa: N818 - the name says what happened
    """The job has not ended yet, or its event was missed. Send the same job again to hear of it: it is the same job."""


class Answers:
    """The events from its opening on, which no other consumer misses for it. A context manager, for one thread.

    ``url`` is that of the broker, where it is RabbitMQ; else that of the service's Redis, which has the stream.
    A lost connection is opened anew. What left the service meanwhile is in the stream; of RabbitMQ it is missed, and
    the same job, sent again, tells it.
    """

    def __init__(self, url: str) -> None:
        self._reader = reader_of(url, None)
        self._passed: OrderedDict[_Name, Event] = OrderedDict()

    def __enter__(self) -> Self:
        self._reader.open(PATIENCE_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.close()

    def to(self, job: Job | Mapping[str, Any], timeout_s: float) -> Event:
        """The event of this job. Raises ``NoAnswer``; ``kombu.exceptions.OperationalError`` where the server is gone.

        Events of other jobs are kept until they are asked for, the last 10,000 of them.
        """
        name = _of_job(job)
        deadline = time.monotonic() + timeout_s
        while name not in self._passed:
            if time.monotonic() > deadline:
                raise NoAnswer(f"no event within {timeout_s:g} s: `audience jobs show` says what the job waits for")
            try:
                self._keep()
            except self._reader.lost:
                self._reader.open(min(PATIENCE_S, max(LEAST_S, deadline - time.monotonic())))
        return self._passed.pop(name)

    def _keep(self) -> None:
        received = self._reader.next()
        if received is None:
            return
        event = read(received)
        self._passed[event.data.provider, event.data.account, event.data.job_id] = event
        if len(self._passed) > REMEMBERED:
            self._passed.popitem(last=False)


def _of_job(job: Job | Mapping[str, Any]) -> _Name:
    if isinstance(job, Job):
        return job.provider, job.account, job.id
    return job["provider"], job["account"], job["id"]
