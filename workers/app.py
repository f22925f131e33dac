"""The Celery app: ``celery -A workers.app worker``. Importing it opens nothing; Celery asks when it needs to know."""

from __future__ import annotations

from typing import Any

from celery import Celery, signals

from workers.bootstrap import announce_embedded, celery_configuration, service
from workers.execution.task import register
from workers.loop import Loop
from workers.monitoring import logs
from workers.providers.provider import installed

app = Celery("audience", set_as_current=False)
app.add_defaults(celery_configuration)
register(app, installed(), lambda: service().executor)

_loops: list[Loop] = []


@signals.setup_logging.connect
def _log(**_: Any) -> None:
    logs.set_up(service().settings)


@signals.worker_ready.connect
def _begin(**_: Any) -> None:
    here = service()
    announce_embedded(here)
    here.configure_lanes()
    _loops.extend(here.loops(app))
    for loop in _loops:
        loop.start()


@signals.worker_shutting_down.connect
def _stop(**_: Any) -> None:
    """SIGTERM: nothing new comes in or goes out; requests in flight end by their own deadline."""
    service().executor.stopping.set()
    for loop in _loops:
        loop.stop()
