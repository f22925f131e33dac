"""How is one job shown on the command line?"""

from __future__ import annotations

import json
from typing import Annotated

import typer

from workers.cli.attempts import say_attempts
from workers.cli.connection import connected
from workers.cli.endings import Failed, WrongUsage
from workers.cli.output import Json, one_line, say, say_json

_APART = ("waits", "history", "event")


def show(
    provider: Annotated[str, typer.Argument()],
    account: Annotated[str, typer.Argument()],
    id_: Annotated[str, typer.Argument(metavar="ID")],
    *,
    as_json: Json = False,
) -> None:
    """One job: state, run, attempts, requests, its progress, what it waits for and until when, and its history."""
    from workers.monitoring.jobs import read

    here = connected()
    if provider not in here.providers:
        raise WrongUsage(f"{provider} is not installed; there are {', '.join(sorted(here.providers))}")
    found = read(here, provider, account, id_)
    if found is None:
        raise Failed(
            f"No job {id_} of {provider}/{account} is known: it did not come in yet, was rejected "
            f"(audience dead list --text {id_}), or ended longer ago than AUDIENCE_IDEMPOTENCY_DAYS."
        )
    if as_json:
        say_json(found)
        return
    for name, value in found.items():
        if name not in _APART and value is not None:
            say(f"{name:12} {one_line(value)}")
    for each in found["waits"]:
        say(f"{'waits for':12} {each['for']}{_until(each['until'])}: {one_line(each['why'])}")
    say_attempts(found["history"], "history")
    if found["event"]:
        say(f"\nevent\n{json.dumps(found['event'], indent=2, ensure_ascii=False)}")


def _until(instant: str | None) -> str:
    """A pause without an end stands there as the end of the year 9999."""
    if not instant:
        return ""
    return " until it is resumed" if instant.startswith("9999-") else f" until {instant}"
