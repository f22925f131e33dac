"""The commands ``audience jobs …``: what became of a job."""

from __future__ import annotations

import typer

from workers.cli.jobs import cancel, show

app = typer.Typer(help="What became of a job, or what it waits for; cancel one.", no_args_is_help=True)
app.command("show")(show.show)
app.command("cancel")(cancel.cancel)
