"""What does a test need to send requests as an attempt does? A call whose permits come at once."""

from __future__ import annotations

from typing import Any

import redis

from workers.files import Files
from workers.http import Call, Permit
from workers.lanes.tokens import SharedTokens
from workers.settings import Settings


class Noted:
    """Notes that stay in memory."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}
        self.said: list[str] = []

    def keep(self, name: str, value: Any) -> None:
        self.known[name] = value

    def progress(self, said: str) -> None:
        self.said.append(said)


def call_to(
    base_url: str,
    account: Any = None,
    permit: Permit = lambda _: None,
    *,
    state: redis.Redis | None = None,
    files: Files | None = None,
    deadline_s: float = 30.0,
) -> Call:
    """A call. ``state`` is where tokens are shared; by default nowhere that answers."""
    tokens = SharedTokens(state or redis.Redis(port=1), "contract")
    files = files or Files.of(Settings())
    most = Settings().max_answer_bytes
    return Call(account, base_url, permit, Noted(), tokens, files, deadline_s, most, lambda _: None)
