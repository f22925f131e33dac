"""What becomes of a message? A job in its lane, or a rejection with a dead letter: nothing passes unanswered."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

import structlog

from schemas import outgoing
from schemas.canonical_json import digest
from schemas.event import Error
from schemas.job import Job
from schemas.reading import Payloads, Readable, Refused, readable
from workers.config import ProviderConfig
from workers.intake.allowed import objection, read_of, unproven
from workers.intake.message import Message
from workers.intake.watermark import Watermark
from workers.lanes.lanes import Lanes
from workers.lanes.rejections import Rejections
from workers.lanes.state import Accepted as Stored
from workers.lanes.state import Arrival
from workers.loop import OUTAGES
from workers.news import JobEntered, MessageRejected, tell
from workers.providers.provider import Provider
from workers.settings import SettingsError

BITE_BYTES = 1 << 20
GATHER_S = 0.003  # a reader gathers so long what comes next; a message that comes after a pause goes in at once
DIGEST = 32  # hex digits: 128 bits tell the contents of one id apart, and a million waiting jobs feel the rest

log = structlog.get_logger()


class Entered(StrEnum):
    """What became of a message."""

    NEW = "new"
    DUPLICATE = "duplicate"
    REPEATED = "repeated"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Valid:
    """A message that is a valid job of an account that we have."""

    message: Message
    job: Job
    arrival: Arrival


@dataclass(frozen=True, slots=True)
class Invalid:
    """A message that becomes no job, and the event that says why."""

    message: Message
    event: outgoing.Outgoing


@dataclass(frozen=True)
class Door:
    """Takes messages of any way in. Its answer means: the messages are stored, and may be acknowledged."""

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

    def enter(self, messages: Sequence[Message]) -> list[Entered]:
        """Store messages as jobs, in their order, or as rejections. Raises only if the state store is out of reach.

        Some may be stored even then, and they may all come again: a job that is stored is known. A rejection is not,
        it is answered again; so the rejections come last, and what keeps jobs out does not repeat them.
        """
        became: dict[int, Entered | Invalid] = {}
        valid: dict[str, list[tuple[int, Valid]]] = {}
        for place, found in enumerate(map(self._read, messages)):
            if isinstance(found, Valid):
                valid.setdefault(found.job.provider, []).append((place, found))
            else:
                became[place] = found
        for provider, its in valid.items():
            for bite in _bites(its):
                stored = self._store(provider, [each for _, each in bite])
                became.update(zip((place for place, _ in bite), stored, strict=True))
        ordered = [became[place] for place in range(len(messages))]
        return [self._reject(each) if isinstance(each, Invalid) else each for each in ordered]

    def _read(self, message: Message) -> Valid | Invalid:
        try:
            read = objection(message, self.configs) or message.read
            if isinstance(read, Refused):
                return Invalid(message, outgoing.invalid(message.identity, read, self.rejections.now()))
            job = read.job
            if job.account not in self.configs[job.provider].accounts:
                return self._refused(message, readable(job), "unknown_account", _unknown_account(job), replayable=True)
            return Valid(message, job, self._arrival(message, job))
        except SettingsError as error:
            log.error("message.unchecked", error=str(error))  # noqa: TRY400 - it is the configuration's, and says where
            return self._refused(message, unproven(message), "internal", _UNCHECKED, replayable=True)
        except Exception as error:  # a bug of ours must cost neither the message nor the consumer
            log.exception("message.failed")
            return self._failed(message, error)

    def _arrival(self, message: Message, job: Job) -> Arrival:
        return Arrival(
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

    def _store(self, provider: str, valid: Sequence[Valid]) -> list[Entered | Invalid]:
        began_at = time.time()
        try:
            stored = self.lanes[provider].accept([each.arrival for each in valid])
            return [self._stored(each, became, began_at) for each, became in zip(valid, stored, strict=True)]
        except OUTAGES:
            raise
        except Exception as error:  # as above; with others beside it, each alone shows whose fault it is
            log.exception("message.failed")
            if len(valid) > 1:
                return [entered for each in valid for entered in self._store(provider, [each])]
            return [self._failed(valid[0].message, error)]

    def _stored(self, valid: Valid, stored: Stored, began_at: float) -> Entered | Invalid:
        job = valid.job
        if stored is Stored.CONFLICT:
            return self._refused(valid.message, readable(job), "conflicting_duplicate", _CONFLICT, replayable=False)
        # A new job's next line is its attempt's.
        level = log.debug if stored is Stored.NEW else log.info
        level(
            "job.accepted", provider=job.provider, account=job.account, job_id=job.id, operation=job.operation,
            stored=stored.value, producer=valid.message.producer,
        )  # fmt: skip
        tell(
            JobEntered(
                job.provider, job.account, job.operation, job.id, stored.value, job.traceparent, began_at, time.time()
            )
        )
        return Entered(stored.value)

    def _failed(self, message: Message, error: Exception) -> Invalid:
        sentence = f"this service failed on the message ({type(error).__name__}); an operator can replay it"
        return self._refused(message, read_of(message), "internal", sentence, replayable=True)

    def _refused(self, message: Message, said: Readable, category: str, sentence: str, *, replayable: bool) -> Invalid:
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
            operation=said.operation if said.operation in self.payloads.get(said.provider or "", ()) else None,
        )
        return Invalid(message, event)

    def _reject(self, invalid: Invalid) -> Entered:
        self.rejections.add(invalid.event, invalid.message.body, read_of(invalid.message))
        event = invalid.event.event
        error, provider = event["data"]["error"], event["data"]["provider"]
        log.warning("message.rejected", id=event["id"], category=error["category"], message=error["message"])
        tell(MessageRejected(provider if provider in self.providers else None, error["category"]))
        return Entered.REJECTED


def _bites(valid: Sequence[tuple[int, Valid]]) -> Iterator[list[tuple[int, Valid]]]:
    """What goes to the state store in one call: more bytes would hold up all others there, or find no memory."""
    bite: list[tuple[int, Valid]] = []
    size = 0
    for each in valid:
        bite.append(each)
        size += len(each[1].arrival.body)
        if size >= BITE_BYTES:
            yield bite
            bite, size = [], 0
    if bite:
        yield bite


_UNCHECKED = "this service cannot read the key of the producer who is said to have signed; an operator can replay it"
_CONFLICT = "this id was used before in this account with another operation or payload; a new request needs a new id"


def _unknown_account(job: Job) -> str:
    return f"no account of this name is configured for {job.provider}"


def _timestamp(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
