"""Can a message that was rejected come in now? As if it came from the queue again, but with no second rejection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.reading import Refused
from workers.config import ProviderConfig
from workers.intake.door import Door, Entered
from workers.intake.message import Message, from_queue


@dataclass(frozen=True)
class Readmission:
    """The door, for messages that were at it before."""

    door: Door
    configs: Mapping[str, ProviderConfig]

    def refusal(self, body: bytes) -> str | None:
        """Why these bytes would not come in; None if they are a valid job by now."""
        return self._refusal(from_queue(body, self.door.payloads))

    def enter(self, body: bytes) -> str | None:
        """Let them in if they are a valid job by now. None: they are a job; else why not."""
        message = from_queue(body, self.door.payloads)
        refusal = self._refusal(message)
        if refusal is None and self.door.enter([message]) == [Entered.REJECTED]:
            return "it came in and was rejected again: its new dead letter says why"
        return refusal

    def _refusal(self, message: Message) -> str | None:
        if isinstance(message.read, Refused):
            first, *more = message.read.problems
            rest = f" (and {len(more)} more)" if more else ""
            return f"it is still no valid job: expected at {first.pointer or 'its root'}: {first.expected}{rest}"
        job = message.read.job
        if job.account not in self.configs[job.provider].accounts:
            return no_account(job.provider, job.account)
        return None


def no_account(provider: str, account: str) -> str:
    return f"{provider} has no account {account} in this configuration: add it, then replay"
