"""``make faults``: the long run, its page and its picture. Exit code 1 where a promise was broken."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from faults.plot import draw
from faults.report import written
from faults.run import run
from faults.schedule import LONG
from faults.verdict import broken

DOCS = Path(__file__).parents[2] / "docs"


def main(
    seed: Annotated[int, typer.Option(help="Decides the plan, the jobs and the sandbox's dice.")] = 7,
    broker: Annotated[str, typer.Option(help="rabbitmq or redis.")] = "rabbitmq",
    jobs: Annotated[int, typer.Option(help="Creates, over six lanes.")] = LONG.jobs,
    plan_s: Annotated[float, typer.Option(help="Seconds in which things go wrong.")] = LONG.plan_s,
    docs: Annotated[Path, typer.Option(help="Where faults.md and faults.svg are written.")] = DOCS,
) -> None:
    """Run it, and write docs/faults.md and docs/faults.svg."""
    size = replace(LONG, jobs=jobs, plan_s=plan_s)
    folder = Path(tempfile.mkdtemp(prefix="faults"))
    typer.echo(f"logs of every process: {folder}")
    result = run(folder, broker, seed, size, typer.echo)
    command = f'make faults ARGS="--seed {seed} --broker {broker} --jobs {jobs} --plan-s {plan_s:g}"'
    page = written(result, command)
    (docs / "faults.md").write_text(page)
    draw(result, docs / "faults.svg")
    typer.echo(page)
    for sentence in broken(result):
        typer.echo(sentence, err=True)
    raise typer.Exit(1 if broken(result) else 0)


if __name__ == "__main__":
    typer.run(main)
