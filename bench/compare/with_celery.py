"""The task that one would write with Celery. No result backend: the task pushes its result itself."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery

from bench.compare.work import BROKER_URL, TASK, work

app = Celery("compare", broker=os.environ.get(BROKER_URL), set_as_current=False)
app.conf.task_ignore_result = True


@app.task(name=TASK)  # type: ignore[untyped-decorator]  # celery has no types
def do(given: dict[str, Any]) -> None:
    work(given)
