"""What is wrong with this installation? Settings, connections, clock and credentials, each checked for itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from workers.cli.doctor.finding import Finding
from workers.cli.endings import WRONG_USAGE
from workers.cli.output import Json, one_line, say, say_json


def doctor(
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Ask only whether the worker of AUDIENCE_HEALTH_FILE lives.")
    ] = False,
    ready: Annotated[
        bool, typer.Option("--ready", help="Ask only whether it lives and gets work done: broker and state answer it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check everything that can be checked from here, and say what to do.

    Exit code 1 if there is a problem, 2 or 3 as in every command.
    """
    code = 0
    for finding in _of_the_worker(ready=ready) if live or ready else _findings():
        code = max(code, finding.code if finding.is_problem else 0)
        if as_json:
            say_json(finding.listed())
            continue
        say(f"{'problem' if finding.is_problem else 'ok     '}  {finding.check}: {one_line(finding.found)}")
        if finding.do is not None:
            say(f"         {one_line(finding.do)}")
    if not (as_json or live or ready):
        say("" if code else "\nEverything is in order.")
    raise typer.Exit(code)


def _of_the_worker(*, ready: bool) -> Iterator[Finding]:
    from workers.cli.doctor import worker
    from workers.settings import read_settings

    return worker.check(read_settings(), ready=ready)


def _findings() -> Iterator[Finding]:
    from workers.bootstrap import Service, locate
    from workers.cli.doctor import broker, configuration, environment, state
    from workers.settings import SettingsError, read_settings

    try:
        settings = read_settings()
    except SettingsError as error:
        yield Finding(
            "settings",
            str(error),
            "Correct the variable; `audience settings` lists all with their reasons.",
            WRONG_USAGE,
        )
        return
    yield Finding("settings", "every AUDIENCE_ variable can be read")
    yield from configuration.check(settings)
    yield from environment.check(settings)
    try:
        here = Service(settings, locate(settings))
    except SettingsError as error:
        yield Finding("servers", str(error), "Set what the sentence names.", WRONG_USAGE)
        return
    yield from broker.check(here)
    yield from state.check(here)
