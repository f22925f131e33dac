"""The Celery app: ``celery -A workers.app worker``. Importing it opens nothing; Celery asks when it needs to know."""

from __future__ import annotations

from typing import Any

from celery import Celery, bootsteps, signals

from workers.bootstrap import announce_embedded, celery_configuration, service
from workers.execution.task import register
from workers.loop import Loop
from workers.monitoring import logs
from workers.providers.provider import installed

app = Celery("audience", set_as_current=False)
app.add_defaults(celery_configuration)
register(app, installed(), lambda: service().executor)


class Background(bootsteps.StartStopStep):  # type: ignore[misc]  # celery has no types
    """Intake, dispatch and publishing, in threads beside Celery's own work. What fails here ends the worker."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self.loops: list[Loop] = []

    def start(self, parent: Any) -> None:  # noqa: ARG002 - celery's face
        here = service()
        announce_embedded(here)
        here.configure_lanes()
        self.loops = here.loops(app)
        signals.worker_shutting_down.connect(self.shut_down)
        for loop in self.loops:
            loop.start()

    def shut_down(self, **_: Any) -> None:
        """SIGTERM: nothing new comes in or goes out; requests in flight end by their own deadline."""
        service().executor.stopping.set()
        for loop in self.loops:
            loop.stop()

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - celery's face
        self.shut_down()


app.steps["worker"].add(Background)


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def _log(**_: Any) -> None:
    logs.set_up(service().settings)
