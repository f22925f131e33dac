"""How the sandbox is started by hand: `python -m sandbox`."""

import typer

from sandbox.cli import run

if __name__ == "__main__":
    typer.run(run)
