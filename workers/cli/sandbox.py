"""How is the sandbox started alone? As ``python -m sandbox``, with all its options."""

from __future__ import annotations

import typer

PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
"""The options, ``--help`` too, are the sandbox's own."""


def sandbox(context: typer.Context) -> None:
    """The fake PubMatic and Mintegral, alone, until Ctrl-C. --help lists what can go wrong on request."""
    from sandbox.cli import run

    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command()(run)
    alone(args=context.args, prog_name="audience sandbox")
