"""How do our pages come into `celery -A workers.app flower`? By an option of Celery that only Flower's command heeds.

Celery loads the app, then parses the command's options, then calls the command. An app may add options to every
command ("preload options"); Click calls ours in between, with the command's name. So nothing of Flower is imported
unless Flower is about to run.
"""

from __future__ import annotations

import click


def _when_flower_starts(context: click.Context, _parameter: click.Parameter, value: object) -> object:
    if context.command.name == "flower" and not context.resilient_parsing:
        from workers.monitoring.flower.seam import install  # noqa: PLC0415 - Flower runs

        install(context.obj.app)
    return value


PAGES = click.Option(["--audience-pages"], is_flag=True, hidden=True, expose_value=False, callback=_when_flower_starts)
"""Never given by anybody."""
