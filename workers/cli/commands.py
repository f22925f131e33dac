"""Which commands are there? Each file brings its own; what they do stands there."""

from __future__ import annotations

import typer

from workers.cli import (
    audit,
    dead,
    demo,
    doctor,
    flower,
    jobs,
    lanes,
    results,
    sandbox,
    schema,
    settings,
    setup,
    submit,
    up,
    worker,
)

app = typer.Typer(
    name="audience",
    help="JSON audience jobs in, audiences at the providers and events out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(demo.demo)
app.command()(up.up)
app.command()(worker.worker)
app.command()(flower.flower)
app.command()(setup.setup)
app.command()(submit.submit)
app.command()(results.results)
app.add_typer(jobs.app, name="jobs")
app.add_typer(lanes.app, name="lanes")
app.add_typer(dead.app, name="dead")
app.command(context_settings=sandbox.PASSED_ON)(sandbox.sandbox)
app.command()(audit.audit)
app.command()(schema.schema)
app.command()(settings.settings)
app.command()(doctor.doctor)
