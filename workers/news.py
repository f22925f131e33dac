"""What happens in this process that metrics and traces tell of? News, told to whoever listens; to nobody by default.

Telling is a look at an empty tuple where nobody listens. A listener's own failure is logged and costs no job.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class JobEntered:
    """A message was a valid job. ``stored`` is ``new``, ``duplicate`` or ``repeated``; times are seconds since 1970."""

    provider: str
    account: str
    operation: str
    job_id: str
    stored: str
    traceparent: str | None
    began_at: float
    ended_at: float


@dataclass(frozen=True, slots=True)
class MessageRejected:
    """A message was no valid job, or no new one. ``provider`` is one that is installed."""

    provider: str | None
    category: str


@dataclass(frozen=True, slots=True)
class MessageTaken:
    """A message whose age is known was taken from its way in."""

    queue: str
    age_s: float


@dataclass(frozen=True, slots=True)
class PermitAsked:
    """A request asked for its permit. ``answer`` is ``given``, why not, or ``late``: it woke too late to use it.

    ``wait_s`` is how long it waited for that.
    """

    provider: str
    account: str
    answer: str
    wait_s: float


@dataclass(frozen=True, slots=True)
class RequestEnded:
    """An HTTP request was answered, lost or could not be sent. Of its address, only the host is told.

    Not ``sent``: no connection came about.
    """

    provider: str
    account: str
    operation: str
    method: str
    host: str
    status: int | None
    sent: bool
    began_at: float
    took_s: float


@dataclass(frozen=True, slots=True)
class AttemptSettled:
    """An attempt has ended, and what follows from it is written down.

    ``verdict`` is ``succeeded``, ``again`` or the category of the failure. ``waiting_since`` is when the job was
    accepted, or its last attempt ended.
    """

    provider: str
    account: str
    operation: str
    job_id: str
    run: int
    number: int
    outcome: str
    verdict: str
    waiting_since: float
    began_at: float
    ended_at: float
    traceparent: str | None
    requests: tuple[RequestEnded, ...]


@dataclass(frozen=True, slots=True)
class LeasesRescued:
    """Leases ran out: of so many jobs that had not started, and of so many that had."""

    provider: str
    handed: int
    running: int


@dataclass(frozen=True, slots=True)
class EventPublished:
    """An event left the outbox."""

    partition: str
    event: bytes


News = (
    JobEntered
    | MessageRejected
    | MessageTaken
    | PermitAsked
    | RequestEnded
    | AttemptSettled
    | LeasesRescued
    | EventPublished
)
Listener = Callable[[News], None]

_listeners: tuple[Listener, ...] = ()


def listen(listener: Listener) -> None:
    """Tell it all news from now on, in the thread in which each happens."""
    global _listeners  # noqa: PLW0603 - like the log, there is one for the process
    _listeners = (*_listeners, listener)


def tell(news: News) -> None:
    """Tell every listener."""
    for listener in _listeners:
        try:
            listener(news)
        except Exception:  # a fault of a metric or a trace is none of the job's
            log.exception("news.failed", news=type(news).__name__)
