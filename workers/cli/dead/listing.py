"""Which dead letters are there? The newest first, or the groups of those that are alike."""

from __future__ import annotations

import re
from itertools import islice
from typing import Annotated

import typer

from workers.cli.connection import connected
from workers.cli.dead import options
from workers.cli.output import Json, note, say, say_json, say_table, yes_or_no
from workers.dead_letters.filter import ALIKE, Filter
from workers.dead_letters.find import find
from workers.dead_letters.group import group

ON_A_SCREEN = 100
LETTER = ("id", "category", "provider_code", "died_at", "replayable", "message")
"""The columns of a table, so that it fits a terminal; provider, account and run stand in the id."""


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
        _say(lines, wanted, as_json=as_json)
        return
    found = find(here.redis, here.providers, wanted)
    if as_json:
        for each in islice(found, limit):
            say_json(each.listed())
        return
    shown = [each.listed() for each in islice(found, limit or ON_A_SCREEN)]
    _say(shown, wanted, as_json=False)
    if next(found, None) is not None:
        note(f"There are more than these {len(shown)}: --group counts them, --limit N shows more.")


def _say(lines: list[dict[str, object]], wanted: Filter, *, as_json: bool) -> None:
    if as_json:
        for line in lines:
            say_json(line)
    elif lines:
        columns = [*ALIKE, "count", "first_seen", "last_seen"] if "first_seen" in lines[0] else LETTER
        say_table(columns, ([_cell(line[name]) for name in columns] for line in lines))
    else:
        say("No dead letter." if wanted.is_empty else "No dead letter that the filter lets through.")


def _cell(value: object) -> object:
    return _TO_THE_MINUTE.sub(r"\1Z", value) if isinstance(value, str) else yes_or_no(value)


_TO_THE_MINUTE = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d):\d\d\.\d+Z$")  # to fit; --json has all of it
