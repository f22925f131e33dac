"""How is Flower started? Celery's own, in this process, with our pages."""

from __future__ import annotations

from typing import Annotated

import typer

from workers.cli.celery_command import run_celery
from workers.cli.connection import connected, reach_broker


def flower(
    flower_: Annotated[
        list[str] | None, typer.Argument(metavar="[-- FLOWER ARGUMENTS]", help="For `celery flower`.")
    ] = None,
    *,
    address: Annotated[
        str, typer.Option(envvar="FLOWER_ADDRESS", help="Another than loopback needs authentication.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="FLOWER_PORT", min=0, max=65535)] = 5555,
) -> None:
    """Flower, with pages for lanes, dead letters, jobs and the audit. Arguments after -- go to it.

    With FLOWER_BASIC_AUTH=user:password (or Flower's --auth) it may listen on any address.
    """
    reach_broker(connected())
    run_celery("flower", f"--address={address}", f"--port={port}", *(flower_ or []))
