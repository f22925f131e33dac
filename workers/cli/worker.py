"""How is one production worker started? Celery's own, in this process, ready at once."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from workers.cli.celery_command import run_celery
from workers.cli.connection import connected, reach_broker


def worker(
    celery: Annotated[
        list[str] | None, typer.Argument(metavar="[-- CELERY ARGUMENTS]", help="For `celery worker`.")
    ] = None,
    *,
    concurrency: Annotated[int | None, typer.Option(help="Threads of this process.")] = None,
    provider: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Execute only this provider, or none. May be repeated.")
    ] = None,
    intake: Annotated[bool | None, typer.Option("--intake/--no-intake", help="Whether it takes jobs in.")] = None,
) -> None:
    """One worker: intake, dispatch and execution. Arguments after -- go to `celery worker`.

    Any number of workers may run, on one host or many. SIGTERM ends it after its requests in flight.
    """
    given = {
        "AUDIENCE_CONCURRENCY": concurrency,
        "AUDIENCE_PROVIDERS": ",".join(provider) if provider else None,
        "AUDIENCE_INTAKE": intake,
    }
    os.environ |= {name: str(value) for name, value in given.items() if value is not None}

    reach_broker(connected(announce=False))  # the worker announces it itself
    more = celery or []
    # Alone on a quiet bus: asking other workers for their state at the start only costs a second.
    ours = ["--without-mingle", "--without-gossip"]
    if not {"-n", "--hostname"} & {each.partition("=")[0] for each in more}:
        ours += ["--hostname", f"audience-{os.getpid()}@%h"]  # two workers of one host must not share a name
    run_celery("worker", *ours, *more)
