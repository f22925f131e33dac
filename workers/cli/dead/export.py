"""How do dead letters leave for another tool? Whole, as `dead show --json` has them, one a line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from workers.cli.connection import connected
from workers.cli.dead import options
from workers.cli.endings import WrongUsage
from workers.cli.output import note
from workers.dead_letters.filter import Filter
from workers.dead_letters.find import find
from workers.dead_letters.show import show

if TYPE_CHECKING:
    from workers.bootstrap import Service


def export(
    *,
    out: Annotated[
        Path | None, typer.Option(help="Write to this file, which must not exist. Unset: standard output.")
    ] = None,
    provider: options.Provider = None,
    account: options.Account = None,
    operation: options.Operation = None,
    category: options.Category = None,
    provider_code: options.ProviderCode = None,
    run: options.Run = None,
    text: options.Text = None,
    older_than: options.OlderThan = None,
    newer_than: options.NewerThan = None,
) -> None:
    """Whole dead letters as JSON, one a line, newest first. They stay where they are."""
    wanted = options.filter_of(
        provider=provider, account=account, operation=operation, category=category, provider_code=provider_code,
        run=run, text=text, older_than=older_than, newer_than=newer_than,
    )  # fmt: skip
    here = connected()
    if out is None:
        count = _write(here, wanted, sys.stdout)
    else:
        try:
            with out.open("x", encoding="utf-8") as file:
                count = _write(here, wanted, file)
        except OSError as error:
            raise WrongUsage(f"--out {out} cannot be written ({error.strerror})") from error
    note(f"{count} exported.")


def _write(here: Service, wanted: Filter, to: TextIO) -> int:
    count = 0
    for each in find(here.redis, here.providers, wanted):
        letter = show(here.redis, each.place)
        if letter is not None:  # replayed or expired meanwhile
            whole = letter.model_dump(mode="json", exclude_unset=True)
            to.write(json.dumps(whole, ensure_ascii=False) + "\n")
            count += 1
    return count
