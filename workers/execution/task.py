"""What does Celery see? One task for each operation of each provider, which ends as Flower should show the job.

One difference: a result that no event can carry is found out afterwards, where events are made (endings.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never

import structlog
from celery import Celery
from celery.exceptions import Reject, Retry

from workers.execution.execute import Executor, Stale
from workers.execution.feed import Feed
from workers.execution.verdict import Dead, Done, Verdict
from workers.lanes.state import Again
from workers.loop import OUTAGES
from workers.providers.provider import Provider

log = structlog.get_logger()


class JobFailed(Exception):  # noqa: N818 - Flower shows the name
    """The job ended badly; its event and its dead letter tell the rest."""


def register(app: Celery, providers: Mapping[str, Provider], parts: Callable[[], tuple[Feed, Executor]]) -> None:
    """Give the app a task for every operation: ``pubmatic.create_audience`` and so on."""
    for name, provider in providers.items():
        for operation in provider.operations:
            _register(app, name, operation, parts)


def _register(app: Celery, provider: str, operation: str, parts: Callable[[], tuple[Feed, Executor]]) -> None:
    def run(account: str, job_id: str, fence: int) -> str:
        feed, executor = parts()
        record = feed.claim(provider, fence)
        if record is None:  # sent by hand, or its worker ends: whoever holds the job's lease works on it
            raise Reject("no dispatcher of this worker has handed this job out", requeue=False)
        try:
            return _tell_celery(executor.execute(provider, record))
        except OUTAGES as error:  # the lease runs out, and the job returns to its lane
            log.warning("attempt.left", provider=provider, account=account, job_id=job_id, error=type(error).__name__)
            raise Retry("the state store is out of reach") from error

    app.task(run, name=f"{provider}.{operation}", throws=(JobFailed,), ignore_result=True)


def _tell_celery(verdict: Verdict | Stale) -> str:
    """Celery's word for the ending. Nothing is published by it: the job is settled already."""
    match verdict:
        case Done():
            return "succeeded"
        case Dead(category, said):
            raise JobFailed(f"{category}: {said.message}")
        case Again(after_s):
            raise Retry("back in its lane", when=after_s or 0.0)
        case Stale():
            raise Reject("the job is not this worker's any more", requeue=False)
        case _:
            assert_never(verdict)
