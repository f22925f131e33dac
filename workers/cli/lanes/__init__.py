"""The commands ``audience lanes …``: how the accounts stand, and what an operator orders of them."""

from __future__ import annotations

import typer

from workers.cli.lanes import listing, orders
from workers.cli.output import Json

app = typer.Typer(invoke_without_command=True)
app.command("pause")(orders.pause)
app.command("resume")(orders.resume)
app.command("limit")(orders.limit)


@app.callback()
def lanes(context: typer.Context, *, as_json: Json = False) -> None:
    """Every account's lane: waiting, in flight, limits, paused until, breaker, oldest waiting.

    oldest_waiting_s counts from when a job was due: one for later does not wait yet.
    """
    if context.invoked_subcommand is None:
        listing.list_(as_json=as_json)
