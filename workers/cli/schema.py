"""Where do the published schemas come from? Written from the models, the same on every run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workers.cli.endings import WrongUsage
from workers.cli.output import say


def schema(
    *, out: Annotated[Path, typer.Option(help="The folder; made where it is missing.")] = Path("schemas/json")
) -> None:
    """Write the JSON Schemas of jobs, payloads, events and dead letters, and the AsyncAPI document."""
    from schemas import generate

    try:
        generate.write(out)
    except OSError as error:
        raise WrongUsage(f"--out {out} cannot be written ({error.strerror})") from error
    say(f"{len(generate.files())} files written to {out}")
