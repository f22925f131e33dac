"""Which dead letters are there? The newest first, or the groups of those that are alike."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from workers.cli.connection import connected
from workers.cli.dead import options
from workers.cli.output import Json, note, say, say_json, say_table
from workers.dead_letters.find import find
from workers.dead_letters.group import group

ON_A_SCREEN = 100


def list_(
    *,
    provider: options.Provider = None,
    account: options.Account = None,
    operation: options.Operation = None,
    category: options.Category = None,
    provider_code: options.ProviderCode = None,
    run: options.Run = None,
    text: options.Text = None,
    older_than: options.OlderThan = None,
    newer_than: options.NewerThan = None,
    grouped: Annotated[
        bool, typer.Option("--group", help="Count those of one account, operation, category and code.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help=f"The newest N. A table ends after {ON_A_SCREEN} unless told.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Dead letters, newest first."""
    wanted = options.filter_of(
        provider=provider, account=account, operation=operation, category=category, provider_code=provider_code,
        run=run, text=text, older_than=older_than, newer_than=newer_than,
    )  # fmt: skip
    here = connected()
    if grouped:
        lines = [each.listed() for each in group(here.redis, here.providers, wanted)][:limit]
        _say(lines, as_json=as_json)
        return
    found = find(here.redis, here.providers, wanted)
    if as_json:
        for each in islice(found, limit):
            say_json(each.listed())
        return
    shown = [each.listed() for each in islice(found, limit or ON_A_SCREEN)]
    _say(shown, as_json=False)
    if next(found, None) is not None:
        note(f"There are more than these {len(shown)}: --group counts them, --limit N shows more.")


def _say(lines: list[dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        for line in lines:
            say_json(line)
    elif lines:
        columns = [name for name in lines[0] if name not in _IN_THE_ID]
        say_table(columns, ([_cell(line[name]) for name in columns] for line in lines))
    else:
        say("No dead letter.")


_IN_THE_ID = {"job_id", "run"}


def _cell(value: object) -> object:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
