"""How does an operator pause, resume and limit a lane? Each order holds at once, in every worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from schemas.instant import write
from workers.cli.connection import connected
from workers.cli.durations import seconds
from workers.cli.endings import WrongUsage
from workers.cli.output import say
from workers.cli.who import who
from workers.lanes.clock import moment

if TYPE_CHECKING:
    from workers.bootstrap import Service
    from workers.lanes.orders import Orders

Provider = Annotated[str, typer.Argument(metavar="PROVIDER")]
Account = Annotated[str | None, typer.Argument(metavar="[ACCOUNT]", help="Without one: the provider as a whole.")]


def pause(
    provider: Provider,
    account: Account = None,
    *,
    for_: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="Like 30min or 2h. Without it: until it is resumed.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="For the audit, and for who looks.")] = "",
) -> None:
    """Let nothing of an account go. Its jobs wait, and spend nothing; what is under way ends."""
    orders, lane = _orders(connected(), provider, account)
    for_s = seconds(for_, "--for")
    orders.pause(lane, for_s, reason)
    until = f"for {for_}" if for_ else "until `audience lanes resume`"
    say(f"{_name(provider, account)} is paused {until}; jobs still end when their own time ends")


def resume(provider: Provider, account: Account = None) -> None:
    """End a pause, and let an open breaker probe at once."""
    orders, lane = _orders(connected(), provider, account)
    until = orders.resume(lane)
    rest = f"; the provider itself asked to wait until {write(moment(round(until * 1e6)))}" if until else ""
    say(f"{_name(provider, account)} is resumed{rest}")


def limit(
    provider: Provider,
    account: Account = None,
    *,
    limits: Annotated[
        list[str] | None,
        typer.Option("--limit", metavar="N/PERIOD", help="Like 5/s or 10000/day; repeat it for several."),
    ] = None,
    operation: Annotated[
        str | None, typer.Option("--operation", metavar="NAME", help="Of this operation only.")
    ] = None,
    as_configured: Annotated[bool, typer.Option("--as-configured", help="Back to the configuration's.")] = False,
) -> None:
    """Set the limits of an account or provider, now and through every restart, instead of the configuration's."""
    if bool(limits) == as_configured:
        raise WrongUsage("lanes limit takes either --limit N/PERIOD, once or more, or --as-configured")
    from pydantic import ValidationError

    from workers.config import Limit

    try:
        read = [Limit.model_validate(each) for each in limits or ()]
    except ValidationError as error:
        said = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise WrongUsage(f"--limit: {said}") from error
    here = connected()
    orders, lane = _orders(here, provider, account)
    if operation is not None and operation not in here.providers[provider].operations:
        raise WrongUsage(f"{provider} has no operation {operation}")
    orders.limit(lane, read, operation)
    say(f"{_name(provider, account)}: {', '.join(map(str, read)) or 'the limits of the configuration'}")


def _orders(here: Service, provider: str, account: str | None) -> tuple[Orders, str]:
    from workers.lanes.orders import WHOLE, Orders
    from workers.monitoring.lanes import unknown

    sentence = unknown(here, provider, account or WHOLE)
    if sentence is not None:
        raise WrongUsage(sentence)
    return Orders(here.redis, provider, who()), account or WHOLE


def _name(provider: str, account: str | None) -> str:
    return f"{provider}/{account}" if account else f"{provider} as a whole"
