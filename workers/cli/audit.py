"""How is the audit listed on the command line?"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from workers.cli.connection import connected
from workers.cli.output import Json, note, say_json, say_table

COLUMNS = ("at", "who", "action", "target", "detail")


def audit(
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="The newest N.")] = 100,
    as_json: Json = False,
) -> None:
    """What operators ordered, the newest last."""
    from workers.monitoring.audit import newest

    lines = newest(connected(), limit)[::-1]
    if as_json:
        for line in lines:
            say_json(line)
    elif lines:
        say_table(COLUMNS, ([*list(line.values())[:-1], _shown(line["detail"])] for line in lines))
    else:
        note("Nobody has ordered anything yet.")


def _shown(detail: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in detail.items())
