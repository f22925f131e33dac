"""What becomes of a message? A job in its lane, or a rejection with a dead letter: nothing passes unanswered."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

import structlog

from schemas import outgoing
from schemas.canonical_json import digest
from schemas.event import Error
from schemas.job import Job
from schemas.reading import Accepted, Payloads, Readable, Refused, readable
from workers.intake.message import Message
from workers.intake.watermark import Watermark
from workers.lanes.lanes import Lanes
from workers.lanes.rejections import Rejections
from workers.lanes.state import Accepted as Stored
from workers.loop import OUTAGES
from workers.news import JobEntered, MessageRejected, tell
from workers.providers.provider import Provider
from workers.settings import ProviderConfig

DIGEST = 32  # hex digits: 128 bits tell the contents of one id apart, and a million waiting jobs feel the rest

log = structlog.get_logger()


class Entered(StrEnum):
    """What became of a message."""

    NEW = "new"
    DUPLICATE = "duplicate"
    REPEATED = "repeated"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Door:
    """Takes messages of any way in. Its answer means: the message is stored, and may be acknowledged."""

    providers: Mapping[str, Provider]
    configs: Mapping[str, ProviderConfig]
    lanes: Mapping[str, Lanes]
    rejections: Rejections
    watermark: Watermark

    @cached_property
    def payloads(self) -> Payloads:
        """What jobs can be: the payload model of every operation that is installed."""
        return {
            name: {word: operation.payload_model for word, operation in provider.operations.items()}
            for name, provider in self.providers.items()
        }

    def enter(self, message: Message) -> Entered:
        """Store a message as a job or a rejection. Raises only if the state store is out of reach."""
        try:
            return self._enter(message)
        except OUTAGES:
            raise
        except Exception as error:  # a bug of ours must cost neither the message nor the consumer
            log.exception("message.failed")
            said = message.read.readable if isinstance(message.read, Refused) else readable(message.read.job)
            sentence = f"this service failed on the message ({type(error).__name__}); an operator can replay it"
            return self._refuse(message, said, "internal", sentence, replayable=True)

    def _enter(self, message: Message) -> Entered:
        if not isinstance(message.read, Accepted):
            event = outgoing.invalid(message.identity, message.read, self.rejections.now())
            return self._reject(message, event)
        job, began_at = message.read.job, time.time()
        if job.account not in self.configs[job.provider].accounts:
            return self._refuse(message, readable(job), "unknown_account", _unknown_account(job), replayable=True)
        stored = self._store(message, job)
        if stored is Stored.CONFLICT:
            return self._refuse(message, readable(job), "conflicting_duplicate", _CONFLICT, replayable=False)
        log.info(
            "job.accepted", provider=job.provider, account=job.account, job_id=job.id, operation=job.operation,
            stored=stored.value,
        )  # fmt: skip
        tell(
            JobEntered(
                job.provider, job.account, job.operation, job.id, stored.value, job.traceparent, began_at, time.time()
            )
        )
        return Entered(stored.value)

    def _store(self, message: Message, job: Job) -> Stored:
        return self.lanes[job.provider].accept(
            account=job.account,
            id=job.id,
            operation=job.operation,
            digest=digest(job.operation, job.payload)[:DIGEST],
            body=message.job,
            priority=job.priority,
            not_before=_timestamp(job.not_before),
            expires_at=_timestamp(job.expires_at),
            max_age_s=self.configs[job.provider].policy(job.account).max_age_s,
        )

    def _refuse(self, message: Message, said: Readable, category: str, sentence: str, *, replayable: bool) -> Entered:
        """A rejection for another reason than the job's form."""
        error = Error.model_validate(
            {
                "category": category,
                "message": sentence,
                "provider_code": None,
                "http_status": None,
                "details": [],
                "replayable": replayable,
            }
        )
        event = outgoing.rejected(
            message.identity,
            said,
            error,
            self.rejections.now(),
            provider=said.provider if said.provider in self.providers else None,
            operation=said.operation,
        )
        return self._reject(message, event)

    def _reject(self, message: Message, event: outgoing.Outgoing) -> Entered:
        self.rejections.add(event, message.body)
        error = event.event["data"]["error"]
        log.warning("message.rejected", id=event.event["id"], category=error["category"], message=error["message"])
        provider = event.event["data"]["provider"]
        tell(MessageRejected(provider if provider in self.providers else None, error["category"]))
        return Entered.REJECTED


_CONFLICT = "this id was used before in this account with another operation or payload; a new request needs a new id"


def _unknown_account(job: Job) -> str:
    return f"no account of this name is configured for {job.provider}"


def _timestamp(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
