"""What does a replay need of the service? The lanes, the accounts' maximum ages, and the door for messages."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from workers.dead_letters.replay import Replayer

if TYPE_CHECKING:
    from workers.bootstrap import Service
    from workers.intake.message import Message


def replayer(here: Service) -> Replayer:
    """A replayer over this service."""

    def max_age_s(provider: str, account: str) -> float | None:
        config = here.configs.get(provider)
        return config.policy(account).max_age_s if config and account in config.accounts else None

    from workers.intake.message import from_queue

    def read(body: bytes) -> Message:
        return from_queue(body, here.door.payloads)

    _log_nothing()
    return Replayer(
        here.redis,
        here.lanes,
        max_age_s,
        readmit=lambda body: _readmit(here, read(body)),
        refuse=lambda body: _refuse(here, read(body)),
    )


def _log_nothing() -> None:
    """The door logs as in a worker; here the command's own answer says it all."""
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _refuse(here: Service, message: Message) -> str | None:
    """Why a message would not come in; None if it is a valid job by now."""
    from schemas.reading import Refused

    if isinstance(message.read, Refused):
        first, *more = message.read.problems
        rest = f" (and {len(more)} more)" if more else ""
        return f"it is still no valid job: expected at {first.pointer or 'its root'}: {first.expected}{rest}"
    job = message.read.job
    if job.account not in here.configs[job.provider].accounts:
        return f"{job.provider} has no account {job.account} in this configuration: add it, then replay"
    return None


def _readmit(here: Service, message: Message) -> str | None:
    """Let a message in if it is a valid job by now. What still is none gets no second event."""
    from workers.intake.door import Entered

    refusal = _refuse(here, message)
    if refusal is None and here.door.enter(message) is Entered.REJECTED:
        return "it came in and was rejected again: its dead letter says why"
    return refusal
