"""The Celery app: ``celery -A workers.app worker``. Importing it opens nothing; Celery asks when it needs to know."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Callable
from itertools import chain
from typing import Any, TypeVar

import structlog
from celery import Celery, Task, bootsteps, signals

from workers.bootstrap import Service, announce_embedded, service
from workers.celery_configuration import celery_configuration
from workers.execution.task import register
from workers.loop import OUTAGES, Loop
from workers.monitoring import logs
from workers.monitoring.flower.option import PAGES
from workers.monitoring.health import Beat, HealthFile
from workers.providers.provider import installed
from workers.settings import SettingsError

LAST_EVENTS_S = 5.0

Made = TypeVar("Made")

log = structlog.get_logger()

app = Celery("audience", set_as_current=False)


def _or_end(make: Callable[[], Made]) -> Made:
    """What is wrong with the settings ends ``celery -A workers.app …`` with a sentence, as wrong usage."""
    try:
        return make()
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - no log is set up yet
        raise SystemExit(2) from error


app.add_defaults(lambda: _or_end(lambda: celery_configuration(service())))
app.user_options["preload"].add(PAGES)
register(app, _or_end(installed), lambda: (service().feed, service().executor))


class Background(bootsteps.StartStopStep):  # type: ignore[misc]  # celery has no types
    """Intake to publishing, in threads beside Celery's own work. What fails here ends the worker."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self.loops: list[Loop] = []
        self.last: tuple[list[Loop], list[Loop]] = [], []

    def start(self, parent: Any) -> None:
        here = service()
        _or_end(lambda: _has_threads(parent))
        if here.settings.intake:
            _or_end(here.check_producers)
        announce_embedded(here)
        here.configure_lanes()
        log.info("worker.starts", providers=here.executed(), intake=here.settings.intake)
        if here.settings.metrics_port is not None:
            _or_end(lambda: _serve_metrics(here))
        if here.settings.traces:
            _or_end(_send_spans)
        self.loops, self.last = here.loops(), (here.settlers(), here.publishers())
        signals.worker_shutting_down.connect(self.shut_down)
        signals.worker_shutdown.connect(self.end)
        loops = [*self.loops, *chain(*self.last)]
        for loop in loops:
            loop.start()
        _collect_seldom()
        if here.settings.health_file is not None:
            health = HealthFile(here.settings.health_file, loops, here.endpoints.broker_url)
            _or_end(health.begin)

    def shut_down(self, **_: Any) -> None:
        """SIGTERM: nothing new comes in or goes out; requests in flight end within the grace, or with the process."""
        if service().executor.stopping.is_set():
            return
        service().executor.stopping.set()
        grace = threading.Timer(service().settings.shutdown_grace_s, _leave)
        grace.daemon = True
        grace.start()
        for loop in self.loops:
            loop.stop()
        _put_back_unstarted()

    def end(self, **_: Any) -> None:
        """The pool has ended: its last jobs are settled, and their events go out, before the process ends."""
        for loops in self.last:
            for loop in loops:
                loop.stop()
            waits_until = time.monotonic() + LAST_EVENTS_S
            for loop in loops:
                loop.join(max(0.0, waits_until - time.monotonic()))

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - celery's face
        self.shut_down()


def _has_threads(worker: Any) -> None:
    """Raises ``SettingsError`` for a pool of processes: jobs, metrics and the end of a worker stand in one process."""
    if worker.pool_cls.__module__.endswith("prefork"):
        raise SettingsError("--pool: this service runs its jobs in threads; leave --pool out and start more workers")


def _collect_seldom() -> None:
    """A job leaves hardly a cycle behind, and the looks for some are 3% of a busy worker's time by Python's default."""
    gc.collect()
    gc.freeze()  # what stands now stays
    gc.set_threshold(20_000, 20, 50)


def _serve_metrics(here: Service) -> None:
    from workers.monitoring.metrics.serve import serve  # noqa: PLC0415 - off by default, and then not imported

    serve(here.settings, here.endpoints.redis_url, here.endpoints.broker_url, here.configs)


def _send_spans() -> None:
    """Raises ``SettingsError`` where OpenTelemetry is not installed."""
    try:
        from workers.monitoring.traces.send import send_spans  # noqa: PLC0415 - off by default, and then not imported
    except ModuleNotFoundError as error:
        raise SettingsError("AUDIENCE_TRACES needs OpenTelemetry: pip install 'audience-workers[traces]'") from error
    send_spans()


def _put_back_unstarted() -> None:
    """What this worker holds and has not begun returns to its lane at once."""
    for provider, record in service().feed.withdraw():
        try:
            service().lanes[provider].put_back(record)
        except OUTAGES:
            return  # their leases run out


def _leave() -> None:
    """The grace is over. What is still in flight is left to its leases, as after a kill."""
    log.warning("shutdown.grace_over")
    os._exit(1)


class Feeding(bootsteps.StartStopStep):  # type: ignore[misc]  # celery has no types
    """Lets jobs into the pool while Celery's consumer runs."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, parent: Any) -> None:
        service().feed.open(parent)

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - celery's face
        service().feed.close()


app.steps["worker"].add(Background)
app.steps["consumer"].add(Feeding)
app.steps["consumer"].add(Beat)


@signals.task_revoked.connect  # type: ignore[untyped-decorator]
def _cancel(sender: Task, request: Any, **_: Any) -> None:
    """Revoked in Flower or by Celery's remote control: the job is cancelled, not handed out again and again."""
    provider, _, operation = sender.name.partition(".")
    record = service().feed.claim(provider, request.args[-1]) if operation and request.args else None
    if record is not None:
        service().executor.cancel(provider, record)


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def _log(**_: Any) -> None:
    logs.set_up(service().settings)
