"""How is Flower started? Celery's own, in this process, seen by nobody else unless it asks who they are."""

from __future__ import annotations

import ipaddress
import os
from typing import Annotated

import typer

from workers.cli.celery_command import run_celery
from workers.cli.connection import connected, reach_broker
from workers.cli.endings import WrongUsage

LOOPBACK = "127.0.0.1"
_AUTHENTICATION = ("basic_auth", "auth", "auth_provider")  # options of Flower, each also FLOWER_<NAME>


def flower(
    flower_: Annotated[
        list[str] | None, typer.Argument(metavar="[-- FLOWER ARGUMENTS]", help="For `celery flower`.")
    ] = None,
    *,
    address: Annotated[
        str, typer.Option(envvar="FLOWER_ADDRESS", help="Another than loopback needs authentication.")
    ] = LOOPBACK,
    port: Annotated[int, typer.Option(envvar="FLOWER_PORT", min=0, max=65535)] = 5555,
) -> None:
    """Flower over the workers' tasks. Arguments after -- go to `celery flower`.

    With FLOWER_BASIC_AUTH=user:password (or Flower's --auth) it may listen on any address.
    """
    more = flower_ or []
    if _named(more, ("address", "port")):
        raise WrongUsage("give --address and --port before the --, so that they can be checked")
    if not _is_loopback(address) and not _authenticates(more):
        raise WrongUsage(
            f"Flower shows and steers every worker: to listen on {address}, set FLOWER_BASIC_AUTH=user:password "
            "or Flower's --auth, or leave --address out"
        )
    reach_broker(connected())
    run_celery("flower", f"--address={address}", f"--port={port}", *more)


def _authenticates(arguments: list[str]) -> bool:
    by_environment = any(os.environ.get(f"FLOWER_{name.upper()}") for name in _AUTHENTICATION)
    return by_environment or _named(arguments, _AUTHENTICATION)


def _named(arguments: list[str], options: tuple[str, ...]) -> bool:
    names = {each.partition("=")[0].lstrip("-").replace("-", "_") for each in arguments if each.startswith("-")}
    return not names.isdisjoint(options)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
