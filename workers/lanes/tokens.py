"""Which token do all workers share? One for each log-in at a provider, renewed by one worker at a time.

What is stored is sealed by the adapter: this room never sees a token.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import redis

from workers.lanes.clock import us
from workers.lanes.keys import partition
from workers.lanes.scripts import run


@dataclass(frozen=True, slots=True)
class Sealed:
    """The stored token of a log-in. ``number`` counts its renewals; 0 and nothing where there was none yet."""

    number: int
    value: bytes


class Claim(StrEnum):
    """May this worker ask the provider for a new token?"""

    YOURS = "yours"
    NEWER = "newer"  # no need: another token is there by now
    BUSY = "busy"  # another worker is asking
    SPENT = "spent"  # asked too often already


@dataclass(frozen=True, slots=True)
class Claimed:
    """The answer to a claim; ``wait_s`` says when claiming again makes sense."""

    claim: Claim
    wait_s: float


class SharedTokens:
    """The tokens of one provider's log-ins. ``log_in`` is a name without a secret in it."""

    def __init__(self, client: redis.Redis, provider: str) -> None:
        self._client = client
        self._partition = partition(provider)

    def read(self, log_in: str) -> Sealed:
        """The token in use."""
        held: Any = self._client.hmget(f"{self._partition}:token:{log_in}", "number", "sealed")
        number, value = held
        return Sealed(int(number or 0), value or b"")

    def claim(  # noqa: PLR0917 - the script's face
        self, log_in: str, seen: int, by: str, request: str, hold_s: float, window_s: float, at_most: int
    ) -> Claimed:
        """Claim the right to send one ``request`` for a token after number ``seen``.

        The claim holds for ``hold_s``, and the request counts as sent from now on.
        """
        answer, wait_us = self._run("claim_token", log_in, seen, by, request, us(hold_s), us(window_s), at_most)
        return Claimed(Claim(answer.decode()), wait_us / 1e6)

    def release(self, log_in: str, by: str, *, sealed: bytes = b"", unsent: str = "") -> None:
        """End a claim, with the new token if there is one. ``unsent``: the claimed request that did not go out."""
        self._run("release_token", log_in, by, sealed, unsent)

    def _run(self, script: str, *args: Any) -> Any:
        return run(self._client, script, self._partition, *args)
