"""How are dead letters replayed? By id or by filter, at a limited rate, each with its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.connection import connected
from workers.cli.dead import options
from workers.cli.dead.carry_out import Tally, carry_out
from workers.cli.dead.chosen import Chosen
from workers.cli.endings import WrongUsage
from workers.cli.output import Json
from workers.cli.who import who
from workers.dead_letters.rate import RATE

if TYPE_CHECKING:
    from workers.bootstrap import Service
    from workers.dead_letters.replay import Replayer


def replay(
    ids: options.Ids = None,
    *,
    everything: options.Everything = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be replayed.")] = False,
    rate: Annotated[str, typer.Option(metavar="N/PERIOD", help="At most so many, like 5/s or 100/min.")] = RATE,
    provider: options.Provider = None,
    account: options.Account = None,
    operation: options.Operation = None,
    category: options.Category = None,
    provider_code: options.ProviderCode = None,
    run: options.Run = None,
    text: options.Text = None,
    older_than: options.OlderThan = None,
    newer_than: options.NewerThan = None,
    as_json: Json = False,
) -> None:
    """Put dead letters back to work: jobs as their next run, messages as if they came in again.

    They wait behind all other jobs of their account. Ctrl-C stops between two of them, and the same command goes on
    later; --run 1 leaves out those that were replayed and died again. Exit code 1 if one that was named stays dead.
    """
    wanted = options.filter_of(
        provider=provider, account=account, operation=operation, category=category, provider_code=provider_code,
        run=run, text=text, older_than=older_than, newer_than=newer_than,
    )  # fmt: skip
    chosen = Chosen.of("replay", ids, wanted, everything=everything)
    interval_s = _interval_s(rate)
    here = connected()
    act = _replayer(here)
    tally = Tally("replayed", as_json, dry_run, chosen.named, "Watch the events: audience results --follow")
    if dry_run:
        carry_out(chosen.places(here), act.would, tally, None)
    elif chosen.named:
        carry_out(chosen.places(here), lambda place: act.replay(place, who()), tally, None, interval_s)
    else:
        trail = options.trail(here, "replay", filter=wanted.given, rate=rate)
        carry_out(chosen.places(here), act.replay, tally, trail, interval_s)


def _replayer(here: Service) -> Replayer:
    from workers.dead_letters.replay import Replayer

    return Replayer.of(here.door, here.redis)


def _interval_s(rate: str) -> float:
    from workers.dead_letters.rate import interval_s

    try:
        return interval_s(rate)
    except ValueError as error:
        raise WrongUsage(f"--rate {rate}: {error}") from error
