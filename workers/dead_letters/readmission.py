"""Can a message that was rejected come in now? As if it came from the queue again, but with no second rejection.

Its signature, too, is asked for again, whatever it was rejected for. What an operator made of it needs none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from schemas.reading import Refused
from workers.config import ProviderConfig
from workers.dead_letters.stored import Stored
from workers.intake.allowed import objection
from workers.intake.door import Door, Entered
from workers.intake.message import Message, from_queue
from workers.settings import SettingsError


@dataclass(frozen=True)
class Readmission:
    """The door, for messages that were at it before."""

    door: Door
    configs: Mapping[str, ProviderConfig]

    def refusal(self, found: Stored) -> str | None:
        """Why what a replay sends would not come in; None if it is a valid job by now."""
        return self._refusal(self._message(found))

    def enter(self, found: Stored) -> str | None:
        """Let it in if it is a valid job by now. None: it is a job; else why not."""
        message = self._message(found)
        refusal = self._refusal(message)
        if refusal is None and self.door.enter([message]) == [Entered.REJECTED]:
            return "it came in and was rejected again: its new dead letter says why"
        return refusal

    def _message(self, found: Stored) -> Message:
        return replace(from_queue(found.sends, self.door.payloads), is_operators=found.is_edited)

    def _refusal(self, message: Message) -> str | None:
        try:
            read = objection(message, self.configs) or message.read
        except SettingsError as error:
            return f"its signature cannot be checked: {error}"
        if isinstance(read, Refused):
            first, *more = read.problems
            rest = f" (and {len(more)} more)" if more else ""
            return f"it is still no valid job: expected at {first.pointer or 'its root'}: {first.expected}{rest}"
        job = read.job
        if job.account not in self.configs[job.provider].accounts:
            return no_account(job.provider, job.account)
        return None


def no_account(provider: str, account: str) -> str:
    return f"{provider} has no account {account} in this configuration: add it, then replay"
