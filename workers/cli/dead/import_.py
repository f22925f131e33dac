"""How do exported dead letters come back? One a line, each once, however often they are imported."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from workers.cli.connection import connected
from workers.cli.dead import options
from workers.cli.dead.stopping import Stoppable
from workers.cli.endings import FAILED, INTERRUPTED, WrongUsage
from workers.cli.output import note

if TYPE_CHECKING:
    from workers.dead_letters.restore import Restorer
    from workers.dead_letters.trail import Trail

STANDARD_INPUT = "-"
DAY_S = 86400

_SAID = {
    "restored": "restored",
    "known": "here already",
    "overtaken": "left out, for their jobs have gone on",
    "expired": "left out, for their retention has ended",
    "unfit": "unfit",
}


def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `audience dead export` wrote; - reads it in.")],
) -> None:
    """Put exported dead letters back, here or in another deployment. They keep id, time and edits; no event goes out.

    The ids of their jobs are known again, for as long as they would have been.

    What is here already stays as it is, so a file can be imported again. Exit code 1 if a line was no dead letter.
    """
    with _opened(file) as lines:
        here = connected()
        from workers.dead_letters.restore import Restorer

        settings = here.settings
        act = Restorer(
            here.redis, set(here.providers), settings.dead_letter_days * DAY_S, settings.idempotency_days * DAY_S
        )
        trail = options.trail(here, "import", file=file)
        counts: Counter[str] = Counter()
        stopped = _restore(lines, act, trail, counts)
    said = ", ".join(f"{counts[name]} {words}" for name, words in _SAID.items() if counts[name] or name == "restored")
    note(f"{'Stopped: ' if stopped else ''}{said}.{' The same command goes on from here.' if stopped else ''}")
    if stopped:
        raise typer.Exit(INTERRUPTED)
    if counts["unfit"]:
        raise typer.Exit(FAILED)


def _restore(lines: BinaryIO, act: Restorer, trail: Trail, counts: Counter[str]) -> bool:
    """Restore one line after the other. Whether it was stopped."""
    stop = Stoppable()
    stopped = False
    try:
        with stop.listening():
            for number, line in enumerate(lines, 1):
                if line.strip():
                    with stop.whole():
                        counts[_one(number, line, act, trail)] += 1
    except KeyboardInterrupt:
        stopped = True
    trail.end(stopped=stopped)
    return stopped


def _one(number: int, line: bytes, act: Restorer, trail: Trail) -> str:
    from workers.dead_letters.restore import Unfit

    try:
        letter = act.read(line)
    except Unfit as unfit:
        note(f"line {number}: {unfit}")
        return "unfit"
    trail.begin(letter.place.partition_name)
    said = act.restore(letter)
    trail.count(letter.place.partition_name, done=said == "restored")
    return said


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    try:
        lines = Path(name).open("rb")  # noqa: SIM115 - it is closed below; only the opening is caught
    except OSError as error:
        raise WrongUsage(f"{name} cannot be read ({error.strerror}); name a file, or -") from error
    with lines:
        yield lines
