"""How are dead letters given up? By id or by filter, with a reason that the audit keeps."""

from __future__ import annotations

from typing import Annotated

import typer

from workers.cli.connection import connected
from workers.cli.dead import options
from workers.cli.dead.carry_out import Tally, carry_out
from workers.cli.dead.chosen import Chosen
from workers.cli.endings import WrongUsage
from workers.cli.output import Json
from workers.cli.who import who


def discard(
    ids: options.Ids = None,
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; the audit keeps it.")],
    everything: options.Everything = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be discarded.")] = False,
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
    """Give dead letters up: they go, and cannot be replayed any more. `audience dead export` keeps a copy.

    The ids of their jobs stay known to the door for as long as those of any other job.
    """
    wanted = options.filter_of(
        provider=provider, account=account, operation=operation, category=category, provider_code=provider_code,
        run=run, text=text, older_than=older_than, newer_than=newer_than,
    )  # fmt: skip
    chosen = Chosen.of("discard", ids, wanted, everything=everything)
    if not reason.strip():
        raise WrongUsage("--reason is empty: say why, for who reads the audit")
    here = connected()
    from workers.dead_letters.discard import Discarder

    act = Discarder(here.redis, reason)
    tally = Tally("discarded", as_json, dry_run, chosen.named)
    if dry_run:
        carry_out(chosen.places(here), act.would, tally, None)
    elif chosen.named:
        carry_out(chosen.places(here), lambda place: act.discard(place, who()), tally, None)
    else:
        trail = options.trail(here, "discard", filter=wanted.given, reason=reason)
        carry_out(chosen.places(here), act.discard, tally, trail)
