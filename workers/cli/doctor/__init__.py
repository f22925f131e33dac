"""What is wrong with this installation? Settings, connections, clock and credentials, each checked for itself."""

from __future__ import annotations

from collections.abc import Iterator

import typer

from workers.cli.doctor.finding import Finding
from workers.cli.endings import WRONG_USAGE
from workers.cli.output import Json, one_line, say, say_json


def doctor(*, as_json: Json = False) -> None:
    """Check everything that can be checked from here, and say what to do.

    Exit code 1 if there is a problem, 2 or 3 as in every command.
    """
    code = 0
    for finding in _findings():
        code = max(code, finding.code if finding.is_problem else 0)
        if as_json:
            say_json(finding.listed())
            continue
        say(f"{'problem' if finding.is_problem else 'ok     '}  {finding.check}: {one_line(finding.found)}")
        if finding.do is not None:
            say(f"         {one_line(finding.do)}")
    if not as_json:
        say("" if code else "\nEverything is in order.")
    raise typer.Exit(code)


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
