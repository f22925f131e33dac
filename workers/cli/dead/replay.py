"""How are dead letters replayed? By id or by filter, at a limited rate, each with its answer."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console

from workers.cli.connection import connected
from workers.cli.dead import options
from workers.cli.dead.wiring import replayer
from workers.cli.endings import FAILED, INTERRUPTED, WrongUsage
from workers.cli.output import Json, note, say, say_json
from workers.dead_letters.find import find
from workers.dead_letters.replay import Kept, Replayed
from workers.dead_letters.summary import Place

RATE = "10/s"  # slow enough to be stopped by hand when it was the wrong filter


def replay(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]…", help="As `audience dead list` shows them.")
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every one, where no filter is given.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be replayed.")] = False,
    rate: Annotated[str, typer.Option(metavar="N/PERIOD", help="At most so many, like 5/s or 100/min.")] = RATE,
    provider: options.Provider = None,
    account: options.Account = None,
    operation: options.Operation = None,
    category: options.Category = None,
    provider_code: options.ProviderCode = None,
    text: options.Text = None,
    older_than: options.OlderThan = None,
    newer_than: options.NewerThan = None,
    as_json: Json = False,
) -> None:
    """Put dead letters back to work: jobs as their next run, messages as if they came in again.

    They wait behind all other jobs of their account. Exit code 1 if one that was named by its id stays dead.
    """
    wanted = options.filter_of(
        provider=provider, account=account, operation=operation, category=category, provider_code=provider_code,
        text=text, older_than=older_than, newer_than=newer_than,
    )  # fmt: skip
    if bool(ids) == (everything or not wanted.is_empty):
        raise WrongUsage("dead replay takes either ids, or filters, or --all")
    interval_s = _interval_s(rate)
    here = connected()
    act = replayer(here)
    if ids:
        places: Iterator[Place] = iter([options.place_of(id_) for id_ in ids])
    else:
        found = find(here.redis, here.providers, wanted)
        places = (each.place for each in found)
    tell = _Tally(as_json=as_json, dry_run=dry_run, named=bool(ids))
    try:
        for place in places:
            if dry_run:
                tell.add(act.would(place))
                continue
            answer = act.replay(place)
            tell.add(answer)
            if isinstance(answer, Replayed):
                time.sleep(interval_s)
    except KeyboardInterrupt:
        tell.end()
        raise typer.Exit(INTERRUPTED) from None
    tell.end()
    if ids and tell.kept:
        raise typer.Exit(FAILED)


class _Tally:
    """Says what became of each, and in the end of all."""

    def __init__(self, *, as_json: bool, dry_run: bool, named: bool) -> None:
        self.replayed = self.kept = 0
        self._as_json, self._dry_run, self._named = as_json, dry_run, named
        self._status = Console(stderr=True).status("replaying") if sys.stderr.isatty() else None
        if self._status:
            self._status.start()

    def add(self, answer: Replayed | Kept) -> None:
        done = isinstance(answer, Replayed)
        self.replayed += done
        self.kept += not done
        if self._as_json:
            say_json(_as_json(answer, dry_run=self._dry_run))
        elif isinstance(answer, Kept):
            (note if self._named else say)(f"{answer.id}: not replayed: {answer.why}")
        else:
            run = "" if answer.run is None else f" as run {answer.run}"
            say(f"{answer.id}: {'would be ' if self._dry_run else ''}replayed{run}")
        if self._status:
            self._status.update(f"{self.replayed} replayed, {self.kept} kept")

    def end(self) -> None:
        if self._status:
            self._status.stop()
        would = "would be " if self._dry_run else ""
        hint = "" if self._dry_run or not self.replayed else " Watch the events: audience results --follow"
        note(f"{self.replayed} {would}replayed, {self.kept} kept.{hint}")


def _as_json(answer: Replayed | Kept, *, dry_run: bool) -> dict[str, object]:
    done = isinstance(answer, Replayed)
    return {
        "id": answer.id,
        "replayed": done and not dry_run,
        "would_replay": done,
        "run": answer.run if isinstance(answer, Replayed) else None,
        "why": answer.why if isinstance(answer, Kept) else None,
    }


def _interval_s(rate: str) -> float:
    from pydantic import ValidationError

    from workers.settings import Limit

    try:
        limit = Limit.model_validate(rate)
    except ValidationError as error:
        raise WrongUsage(f"--rate {rate}: a rate is written like 5/s, 100/min or 1000/h") from error
    return limit.period_s / limit.count
