"""The commands ``audience dead …``: what ended badly, and what to do about it."""

from __future__ import annotations

import typer

from workers.cli.dead import export, listing, replay, show

app = typer.Typer(help="What ended badly: list, show, replay, export.", no_args_is_help=True)
app.command("list")(listing.list_)
app.command("show")(show.show)
app.command("replay")(replay.replay)
app.command("export")(export.export)
