"""How is the log written? One line an event: JSON for machines, columns on a terminal; ours and Celery's alike."""

from __future__ import annotations

import logging
import sys
from typing import TextIO, cast

import structlog

from workers.settings import LogFormat, Settings
from workers.standard_error import StandardError

# What these say at INFO, our own lines say better: Celery logs arguments, httpx logs URLs.
_QUIET = ("httpx", "httpcore", "celery.worker.strategy", "celery.app.trace", "amqp", "kombu")


def set_up(settings: Settings) -> None:
    """Send structlog and the standard library's logging to standard error in one format."""
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    console = settings.log_format is LogFormat.CONSOLE or (
        settings.log_format is LogFormat.AUTO and sys.stderr.isatty()
    )
    render: list[structlog.typing.Processor] = (
        # Plain, since local variables may be secrets.
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    level = logging.getLevelNamesMapping()[settings.log_level]
    structlog.configure(  # ours do not go through the standard library, which costs as much again
        processors=[*shared, *render],
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, StandardError())),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    _send_the_others(level, shared, render)


def _send_the_others(
    level: int, shared: list[structlog.typing.Processor], render: list[structlog.typing.Processor]
) -> None:
    """What Celery and libraries log by the standard library."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
