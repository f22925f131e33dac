"""How is the audit listed on the command line? As a table of the newest, or all of it as JSON lines."""

from __future__ import annotations

from typing import Annotated

import typer

from workers.cli.connection import connected
from workers.cli.output import Json, note, say_json, say_table

COLUMNS = ("at", "who", "action", "target", "detail")
ON_A_SCREEN = 100


def audit(
    *,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, metavar="N", help=f"The newest N. A table has {ON_A_SCREEN} unless told."),
    ] = None,
    as_json: Json = False,
) -> None:
    """What operators ordered, the newest last. With --json all of it, unless --limit is given."""
    from workers.monitoring.audit import newest, said

    if as_json:
        for line in newest(connected(), limit)[::-1]:
            say_json(line)
        return
    most = limit or ON_A_SCREEN
    lines = newest(connected(), most + 1)
    if not lines:
        note("Nobody has ordered anything yet.")
        return
    say_table(COLUMNS, ([*list(line.values())[:-1], said(line["detail"])] for line in lines[:most][::-1]))
    if len(lines) > most:
        note(f"There are older ones than these {most}: --limit N shows more, --json all.")
