"""The commands ``audience dead …``: what ended badly, and what to do about it."""

from __future__ import annotations

import typer

from workers.cli.dead import discard, edit, export, import_, listing, replay, show

app = typer.Typer(help="What ended badly: find, mend, replay, discard, move.", no_args_is_help=True)
app.command("list")(listing.list_)
app.command("show")(show.show)
app.command("edit")(edit.edit)
app.command("replay")(replay.replay)
app.command("discard")(discard.discard)
app.command("export")(export.export)
app.command("import")(import_.import_)
