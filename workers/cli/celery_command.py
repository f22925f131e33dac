"""How is a command of Celery run in this process? As ``celery -A workers.app …`` would, with its exit code."""

from __future__ import annotations

import sys
from typing import NoReturn

from workers.cli.endings import WrongUsage


def run_celery(*arguments: str) -> NoReturn:
    """Run it, and end the process as it ends. ``app.worker_main`` does the same, but forgets the exit code."""
    import click
    from celery.bin.celery import celery

    try:
        code = celery.main(args=["-A", "workers.app", *arguments], prog_name="celery", standalone_mode=False)
    except click.ClickException as error:
        raise WrongUsage(f"celery {arguments[0]}: {error.format_message()}") from error
    sys.exit(code or 0)
