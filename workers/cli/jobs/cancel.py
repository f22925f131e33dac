"""How is a waiting job cancelled? Taken out of its lane, and answered as ``cancelled``."""

from __future__ import annotations

import uuid
from typing import Annotated

import typer

from workers.cli.connection import connected
from workers.cli.endings import Failed, WrongUsage
from workers.cli.output import say
from workers.cli.who import who


def cancel(
    provider: Annotated[str, typer.Argument()],
    account: Annotated[str, typer.Argument()],
    id_: Annotated[str, typer.Argument(metavar="ID")],
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="For the audit.")] = "",
) -> None:
    """End a job that waits: its event says ``cancelled``, and it can be replayed."""
    from workers.lanes.orders import Orders

    here = connected()
    if provider not in here.providers:
        raise WrongUsage(f"{provider} is not installed; there are {', '.join(sorted(here.providers))}")
    taken = Orders(here.redis, provider, who()).cancel(account, id_, uuid.uuid4().hex, reason)
    if taken is None:
        raise Failed(f"No job {id_} of {provider}/{account} is known.")
    if isinstance(taken, str):
        raise Failed(f"The job is {taken}: only one that waits can be cancelled.")
    here.executor.cancel_waiting(provider, taken)
    say(f"{provider}/{account}/{id_} is cancelled; a worker sends its event")
