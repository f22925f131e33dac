"""How is a waiting job cancelled? Taken out of its lane, and answered as ``cancelled``."""

from __future__ import annotations

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
    from workers.execution.cancel import cancel as end
    from workers.lanes.orders import Orders

    here = connected()
    if provider not in here.providers:
        raise WrongUsage(f"{provider} is not installed; there are {', '.join(sorted(here.providers))}")
    why_not = end(here.executor, Orders(here.redis, provider, who()), account, id_, reason)
    if why_not is not None:
        raise Failed(why_not)
    say(f"{provider}/{account}/{id_} is cancelled; a worker sends its event")
