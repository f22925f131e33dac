"""What happens to a job that was handed out? Lease, attempt, verdict, settle: the way of a job, top to bottom."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import structlog

from schemas.job import Job
from schemas.reading import Accepted, Payloads, read_body
from workers.config import ProviderConfig
from workers.exchange import Exchange
from workers.execution.announce import announce
from workers.execution.attempt import Attempted, attempt
from workers.execution.endings import Endings, settle
from workers.execution.notes import Notes
from workers.execution.permits import Permits
from workers.execution.settle import Ran, give_back
from workers.execution.trouble import trouble_of
from workers.execution.verdict import Dead, Verdict, cancelled, decide, poisoned, too_old
from workers.files import Files
from workers.http import Call
from workers.lanes.lanes import MAX_RESCUES, Lanes
from workers.lanes.state import Again, LeaseLost, Record
from workers.lanes.tokens import SharedTokens
from workers.loop import OUTAGES
from workers.news import RequestEnded, tell
from workers.outcome import Broken, Postponed, Said, Succeeded, Unknown
from workers.providers.provider import Provider
from workers.redaction import redacted
from workers.settings import Settings

SETTLE_AGAIN_S = 0.5

Answered = TypeVar("Answered")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Stale:
    """The job is not this worker's any more: whoever holds its lease settles it."""


@dataclass(frozen=True)
class Executor:
    """Executes the jobs of every provider."""

    providers: Mapping[str, Provider]
    configs: Mapping[str, ProviderConfig]
    lanes: Mapping[str, Lanes]
    payloads: Payloads
    tokens: Mapping[str, SharedTokens]
    files: Files
    endings: Mapping[str, Endings]
    settings: Settings
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the worker is to end: nothing new is sent then, and unsent jobs go back to their lanes."""

    def execute(self, provider: str, record: Record) -> Verdict | Stale:
        """Work on a job that was handed out: back to its lane, or to the endings. Raises only in an outage."""
        job, payload, warnings = self._read(provider, record)
        try:
            ran = self._run(provider, record, job, payload, warnings)
        except LeaseLost:
            return Stale()
        policy = self.configs[provider].policy(record.account)
        dice = random.random()  # noqa: S311 - spreads waits, guards nothing
        verdict = decide(ran.attempted.outcome, ran.attempted.before, policy, dice)
        if isinstance(verdict, Again):
            return self._give_back(provider, ran, verdict)
        self.endings[provider].add(ran, verdict)
        return verdict

    def _give_back(self, provider: str, ran: Ran, again: Again) -> Again | Stale:
        given_back = self._through_outages(lambda: give_back(self.lanes[provider], ran, again))
        announce(ran, again, settled=given_back)
        return again if given_back else Stale()

    def _through_outages(self, act: Callable[[], Answered]) -> Answered:
        """What is known now would have to be found out again, and an operator's word would be forgotten."""
        patience_ends = time.monotonic() + self.settings.request_timeout_s
        while True:
            try:
                return act()
            except OUTAGES:
                if time.monotonic() > patience_ends or self.stopping.is_set():
                    raise  # the lease runs out: the rescuer takes it from here
                time.sleep(SETTLE_AGAIN_S)

    def cancel(self, provider: str, record: Record) -> None:
        """End a job that an operator took out of its lane, or whose Celery task was revoked before it began."""
        self._settle_unsent(provider, record, cancelled(trouble_of(record)))

    def answer_ended(self, provider: str) -> None:
        """Answer the waiting jobs whose time is over."""
        for record in self.lanes[provider].take_ended(runner=uuid.uuid4().hex):
            expired = record.expires_at is not None and record.expires_at <= record.ends_at
            before = trouble_of(record)
            poison = record.rescues >= MAX_RESCUES
            self._settle_unsent(
                provider, record, poisoned(before) if poison else too_old(expired=expired, before=before)
            )

    def _settle_unsent(self, provider: str, record: Record, verdict: Dead) -> None:
        job, _, warnings = self._read(provider, record)
        attempted, now = Attempted(Postponed(verdict.said), trouble_of(record)), time.time()
        ran = Ran(record, job, warnings, attempted, 0, now, now)
        self._through_outages(lambda: settle(self.lanes[provider], self.settings, ran, verdict))

    def _read(self, provider: str, record: Record) -> tuple[Job, Any, tuple[str, ...]]:
        """The stored job, its payload by its model, and its warnings. No payload: this release refuses the job."""
        read = read_body(record.body, self.payloads)
        if isinstance(read, Accepted):
            return read.job, read.payload, read.warnings
        said = read.readable
        job = Job.model_construct(
            payload={},
            id=record.id,
            provider=provider,
            account=record.account,
            operation=record.operation,
            correlation_id=said.correlation_id,
            metadata=said.metadata or {},
        )
        return job, None, ()

    def _run(self, provider: str, record: Record, job: Job, payload: Any, warnings: tuple[str, ...]) -> Ran:
        """One attempt, with whatever it may run into made an outcome. Raises ``LeaseLost``."""
        config, began_at, requests = self.configs[provider], time.time(), list[RequestEnded]()
        exchanges: tuple[dict[str, Any], ...] = ()

        def ended(its: Exchange) -> None:
            requests.append(_told(provider, record, its))
            tell(requests[-1])

        permits = Permits(self.lanes[provider], record, self.stopping)
        if record.account not in config.accounts:
            attempted = Attempted(Broken(Said("the account is no longer configured")), trouble_of(record))
        elif payload is None:
            attempted = Attempted(Broken(Said("the stored job is not valid in this release")), trouble_of(record))
        else:
            call = Call(
                config.accounts[record.account],
                config.base_url,
                permits,
                Notes(self.lanes[provider], record, self.stopping),
                self.tokens[provider],
                self.files,
                deadline_s=self.settings.request_timeout_s,
                max_answer_bytes=self.settings.max_answer_bytes,
                ended=ended,
            )
            attempted = self._attempt(provider, record, payload, call, permits)
            exchanges = _shown(call, attempted)
        return Ran(record, job, warnings, attempted, permits.sent, began_at, time.time(), exchanges, tuple(requests))

    def _attempt(self, provider: str, record: Record, payload: Any, call: Call, permits: Permits) -> Attempted:
        operation = self.providers[provider].operations[record.operation]
        before = trouble_of(record)
        try:
            attempted = attempt(operation, payload, call, before, self.configs[provider].policy(record.account))
            return replace(attempted, outcome=redacted(attempted.outcome, call.secrets))
        except (LeaseLost, *OUTAGES):
            raise
        except Exception as error:  # a bug of ours or of a provider's adapter: the job ends, told apart from the rest
            log.exception("attempt.failed", provider=provider, account=record.account, job_id=record.id)
            said = Said(f"this service failed on the job ({type(error).__name__})")
            return Attempted(Unknown(said) if permits.changed else Broken(said), before)


def _shown(call: Call, attempted: Attempted) -> tuple[dict[str, Any], ...]:
    """What went over the wire, for the history; of a success the event tells enough."""
    if isinstance(attempted.outcome, Succeeded):
        return ()
    return tuple(each.shown(call.secrets) for each in call.exchanges)


def _told(provider: str, record: Record, its: Exchange) -> RequestEnded:
    names = provider, record.account, record.operation
    return RequestEnded(*names, its.method, its.host, its.status, its.sent, its.began_at, its.took_s)
