"""Who is it that Flower let in, and may they act? A viewer looks, an operator acts."""

from __future__ import annotations

import socket
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

from workers.monitoring.flower.reach import authenticates
from workers.settings import Settings


@dataclass(frozen=True, slots=True)
class Person:
    """``name`` is what the audit keeps. ``why_not``: a sentence, where this person may not act."""

    name: str
    why_not: str | None


def person(options: Any, settings: Settings, signed_in: Any, authorization: str) -> Person:
    """Who has sent a request, after Flower has checked it.

    ``signed_in`` is Flower's ``current_user``: an e-mail address with OAuth, True otherwise.
    """
    name = signed_in if isinstance(signed_in, str) else _of_basic(authorization) if options.basic_auth else None
    return Person(name or f"unauthenticated@{socket.gethostname()}", _why_not(options, settings, name))


def person_of(handler: Any, settings: Settings) -> Person:
    """Who has sent the request that a handler of Flower's answers."""
    header = handler.request.headers.get("Authorization", "")
    return person(handler.application.options, settings, handler.current_user, header)


def _why_not(options: Any, settings: Settings, name: str | None) -> str | None:
    if options.read_only:
        return "Flower is in read-only mode: nothing can be changed here."
    if settings.operators is None:
        return None
    known = [each.strip() for each in settings.operators.split(",") if each.strip()]
    if name in known:
        return None
    if not authenticates(options):
        return "AUDIENCE_OPERATORS names who may act, and this Flower does not ask who you are."
    return f"{name} may look, and not act: AUDIENCE_OPERATORS names those who may."


def _of_basic(authorization: str) -> str:
    """The user in a header that Flower has found right."""
    return b64decode(authorization.partition(" ")[2]).decode().partition(":")[0]
