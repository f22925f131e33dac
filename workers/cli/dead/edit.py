"""How is a dead letter's payload mended? By a file with the new one, checked before anything is stored."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from workers.cli.connection import connected
from workers.cli.dead.options import place_of
from workers.cli.endings import Failed, WrongUsage
from workers.cli.output import say
from workers.cli.who import who

STANDARD_INPUT = "-"


def edit(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As `audience dead list` shows it.")],
    *,
    payload: Annotated[
        str, typer.Option(metavar="FILE", help="The new payload, one JSON object; - reads standard input.")
    ],
    force: Annotated[
        bool, typer.Option("--force", help="Edit also while it is unknown whether the old payload was applied.")
    ] = False,
) -> None:
    """Replace a dead letter's payload; its next replay sends the new one.

    `audience dead show ID --payload` writes the one it has. Of a message that was no valid job, FILE may also hold
    the whole job. The original bytes stay, and every edit is kept with who and when.
    """
    place = place_of(id_)
    given = _content(payload)
    here = connected()
    from workers.dead_letters.answers import Kept
    from workers.dead_letters.edit import Editor

    answer = Editor(here.redis, here.door.payloads).edit(place, given, who(), force=force)
    if isinstance(answer, Kept):
        raise Failed(f"{id_}: not edited: {answer.why}.")
    say(f"{id_}: edited at {', '.join(each or 'its root' for each in answer.changed)}")
    say(f"Send it: audience dead replay {id_}")


def _content(name: str) -> bytes:
    if name == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise WrongUsage(f"--payload {name} cannot be read ({error.strerror}); name a file, or -") from error
