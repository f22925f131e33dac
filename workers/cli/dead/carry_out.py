"""How is an order to many dead letters carried out? One after the other, with an answer each, audited, stoppable."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import typer
from rich.console import Console

from workers.cli.dead.stopping import Stoppable
from workers.cli.endings import FAILED, INTERRUPTED
from workers.cli.output import note, say, say_json
from workers.dead_letters.answers import Discarded, Edited, Kept, Replayed
from workers.dead_letters.summary import Place
from workers.dead_letters.trail import Trail

Answer = Replayed | Discarded | Edited


@dataclass
class Tally:
    """Says what became of each, and in the end of all. ``done``: replayed, discarded or edited."""

    done: str
    as_json: bool
    dry_run: bool
    named: bool
    hint: str = ""
    counts: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})

    def __post_init__(self) -> None:
        self._status = Console(stderr=True).status(self._so_far()) if sys.stderr.isatty() else None
        if self._status:
            self._status.start()

    def add(self, answer: Answer | Kept) -> None:
        """One more."""
        self.counts[not isinstance(answer, Kept)] += 1
        if self.as_json:
            say_json(self._json(answer))
        elif isinstance(answer, Kept):
            (note if self.named else say)(f"{answer.id}: not {self.done}: {answer.why}")
        else:
            say(f"{answer.id}: {self._would}{self.done}{_how(answer)}")
        if self._status:
            self._status.update(self._so_far())

    def end(self, *, stopped: bool = False) -> None:
        """How far it came."""
        if self._status:
            self._status.stop()
        hint = f" {self.hint}" if self.hint and self.counts[True] and not self.dry_run else ""
        if stopped:
            hint = " The rest is as it was: the same command goes on from here."
        note(f"{'Stopped: ' if stopped else ''}{self._so_far()}.{hint}")

    @property
    def _would(self) -> str:
        return "would be " if self.dry_run else ""

    def _so_far(self) -> str:
        return f"{self.counts[True]} {self._would}{self.done}, {self.counts[False]} kept"

    def _json(self, answer: Answer | Kept) -> dict[str, Any]:
        kept = isinstance(answer, Kept)
        line: dict[str, Any] = {
            "id": answer.id,
            self.done: not kept and not self.dry_run,
            f"would_{_VERBS[self.done]}": not kept,
        }
        if self.done == "replayed":
            line["run"] = answer.run if isinstance(answer, Replayed) else None
        if self.done == "edited":
            line["changed"] = list(answer.changed) if isinstance(answer, Edited) else []
        return {**line, "why": answer.why if isinstance(answer, Kept) else None}


_VERBS = {"replayed": "replay", "discarded": "discard", "edited": "edit"}


def _how(answer: Answer) -> str:
    match answer:
        case Replayed(run=int(run)):
            return f" as run {run}"
        case Edited(changed=changed):
            return f" at {', '.join(each or 'its root' for each in changed)}"
        case _:
            return ""


def carry_out(
    places: Iterable[Place],
    act: Callable[[Place], Answer | Kept],
    tally: Tally,
    trail: Trail | None,
    pause_s: float = 0.0,
) -> None:
    """Act on each, with a pause after each that was not kept.

    ``trail``: None where nothing is done, or where each act writes its own line into the audit. Raises ``Exit`` if
    it was stopped, or if one that was named was kept.
    """
    try:
        stopped = _each(places, act, tally, trail, pause_s)
    except Exception:
        tally.end(stopped=True)
        raise
    if trail is not None:
        trail.end(stopped=stopped)
    tally.end(stopped=stopped)
    if stopped:
        raise typer.Exit(INTERRUPTED)
    if tally.named and tally.counts[False]:
        raise typer.Exit(FAILED)


def _each(
    places: Iterable[Place],
    act: Callable[[Place], Answer | Kept],
    tally: Tally,
    trail: Trail | None,
    pause_s: float,
) -> bool:
    """Whether it was stopped."""
    stop = Stoppable()
    try:
        with stop.listening():
            for place in places:
                with stop.whole():
                    done = _one(place, act, tally, trail)
                if done:
                    time.sleep(pause_s)
    except KeyboardInterrupt:
        return True
    return False


def _one(place: Place, act: Callable[[Place], Answer | Kept], tally: Tally, trail: Trail | None) -> bool:
    answer = act(place) if trail is None else trail.follow(place, act)
    tally.add(answer)
    return not isinstance(answer, Kept)
