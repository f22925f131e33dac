"""Which commands are there? Each file brings its own; what they do stands there."""

from __future__ import annotations

import typer

from workers.cli import dead, demo, results, submit, worker

app = typer.Typer(
    name="audience",
    help="JSON audience jobs in, audiences at the providers and events out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(demo.demo)
app.command()(submit.submit)
app.command()(results.results)
app.command()(worker.worker)
app.add_typer(dead.app, name="dead")


@app.callback()
def audience() -> None:
    """JSON audience jobs in, audiences at the providers and events out."""
