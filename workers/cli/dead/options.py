"""Which options choose dead letters? The same for every command of the family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.durations import seconds
from workers.cli.endings import WrongUsage
from workers.cli.who import who
from workers.dead_letters.filter import Filter
from workers.dead_letters.summary import Place
from workers.dead_letters.trail import Trail

if TYPE_CHECKING:
    from workers.bootstrap import Service

_PANEL = "Filters: all that are given must hold"


def _option(name: str, help_: str, metavar: str | None = None) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        name, help=help_, metavar=metavar, rich_help_panel=_PANEL, show_default=False
    )
    return option


Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]…", help="As `audience dead list` shows them.")]
Everything = Annotated[bool, typer.Option("--all", help="Every one, where no filter is given.")]
Provider = Annotated[str | None, _option("--provider", "What the message named, installed or not.", "NAME")]
Account = Annotated[str | None, _option("--account", "", "NAME")]
Operation = Annotated[str | None, _option("--operation", "", "NAME")]
Category = Annotated[str | None, _option("--category", "As in error.category of the event.", "NAME")]
ProviderCode = Annotated[str | None, _option("--provider-code", "", "CODE")]
Run = Annotated[int | None, _option("--run", "Of this run only: 1 has not been replayed.", "N")]
Text = Annotated[str | None, _option("--text", "Part of the id, the message or the body; case does not count.")]
OlderThan = Annotated[str | None, _option("--older-than", "Died longer ago, like 30min, 1h, 2d.", "AGE")]
NewerThan = Annotated[str | None, _option("--newer-than", "Died since, like 30min, 1h, 2d.", "AGE")]


def filter_of(
    *,
    provider: str | None,
    account: str | None,
    operation: str | None,
    category: str | None,
    provider_code: str | None,
    run: int | None,
    text: str | None,
    older_than: str | None,
    newer_than: str | None,
) -> Filter:
    """The filter of these options. Raises ``WrongUsage``."""
    return Filter(
        provider, account, operation, _category(category), provider_code, run, text,
        seconds(older_than, "--older-than"), seconds(newer_than, "--newer-than"),
    )  # fmt: skip


def place_of(id_: str) -> Place:
    """Where the dead letter of this id lies. Raises ``WrongUsage`` for what is no such id."""
    place = Place.of(id_)
    if place is None:
        raise WrongUsage(
            f"{id_} is no dead letter's id: they read <provider>/<account>/<job id>/<run> or rejected/<SHA-256>, "
            "as `audience dead list` shows them"
        )
    return place


def trail(here: Service, action: str, **about: Any) -> Trail:
    """The audit of one order about many, given by who runs this process."""
    return Trail(here.redis, who(), action, about)


def _category(given: str | None) -> str | None:
    from typing import get_args

    from schemas.event import ErrorCategory

    known = get_args(ErrorCategory)
    if given is not None and given not in known:
        raise WrongUsage(f"--category {given}: there is none of that name; one of {', '.join(known)}")
    return given
