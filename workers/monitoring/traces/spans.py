"""Which spans does a job's way make? One for its intake, and below it each wait, attempt, request, and the event.

Each is written once it is over, from the news of it: nothing is carried from thread to thread, nothing can leak.
"""

from __future__ import annotations

import json
import threading
from datetime import datetime
from http import HTTPStatus

from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)
from opentelemetry.util.types import AttributeValue

from workers import trace_context
from workers.news import AttemptSettled, EventPublished, JobEntered, News, RequestEnded
from workers.trace_context import Span, intake_of

Attributes = dict[str, AttributeValue]


class KnownIds(IdGenerator):
    """Random ids, but for the next span of a thread that has said which it is to have."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()
        self._next = threading.local()

    def next_is(self, span: Span) -> None:
        """The next span of this thread is this one."""
        self._next.span = span

    def generate_span_id(self) -> int:
        span: Span | None = self._next.__dict__.pop("span", None)
        return self._random.generate_span_id() if span is None else span.span_id

    def generate_trace_id(self) -> int:
        """Asked for before the span's own id."""
        span: Span | None = getattr(self._next, "span", None)
        return self._random.generate_trace_id() if span is None else span.trace_id


class Spans:
    """Listens to the news, and writes spans. ``ids`` are those that the tracer uses."""

    def __init__(self, tracer: Tracer, ids: KnownIds) -> None:
        self._tracer, self._ids = tracer, ids

    def hear(self, news: News) -> None:
        """Write what has ended."""
        match news:
            case JobEntered(stored="new"):
                self._intake(news)
            case AttemptSettled() if news.outcome != "Postponed" or news.requests:  # a job that waits on is no news
                self._attempt(news)
            case EventPublished(event=event):
                self._event(json.loads(event))
            case _:
                pass

    def _intake(self, news: JobEntered) -> None:
        producer = None if news.traceparent is None else trace_context.read(news.traceparent)
        span = intake_of(f"{news.provider}/{news.account}/{news.job_id}", news.traceparent)
        self._ids.next_is(span)
        self._write("intake", SpanKind.CONSUMER, producer, news.began_at, news.ended_at, _about(news))

    def _attempt(self, news: AttemptSettled) -> None:
        intake = intake_of(f"{news.provider}/{news.account}/{news.job_id}", news.traceparent)
        about = _about(news) | {"audience.run": news.run}
        self._write("lane wait", SpanKind.INTERNAL, intake, news.waiting_since, news.began_at, about)
        about |= {"audience.attempt": news.number, "audience.outcome": news.outcome, "audience.verdict": news.verdict}
        failed = news.verdict not in {"succeeded", "again"}
        attempt = self._write("attempt", SpanKind.INTERNAL, intake, news.began_at, news.ended_at, about, failed=failed)
        for request in news.requests:
            self._request(request, attempt)

    def _request(self, request: RequestEnded, attempt: Span) -> None:
        about: Attributes = {"http.request.method": request.method, "server.address": request.host}
        if request.status is not None:
            about["http.response.status_code"] = request.status
        # As OpenTelemetry has it for clients.
        failed = request.status is None or request.status >= HTTPStatus.BAD_REQUEST
        ended_at = request.began_at + request.took_s
        self._write(request.method, SpanKind.CLIENT, attempt, request.began_at, ended_at, about, failed=failed)

    def _event(self, event: dict[str, object]) -> None:
        """What the event itself carries on; a rejection carries nothing."""
        if "traceparent" not in event:
            return
        span = trace_context.read(str(event["traceparent"]))
        job, _, _ = str(event["id"]).rpartition("/")
        intake = Span(span.trace_id, intake_of(job, None).span_id, span.flags)
        self._ids.next_is(span)
        about: Attributes = {"messaging.destination.name": "audience.results", "audience.event": str(event["type"])}
        ended_at = datetime.fromisoformat(str(event["time"])).timestamp()  # from then on it stood in the outbox
        self._write("event", SpanKind.PRODUCER, intake, ended_at, None, about)

    def _write(  # noqa: PLR0917 - the parts of a span
        self,
        name: str,
        kind: SpanKind,
        parent: Span | None,
        began_at: float,
        ended_at: float | None,
        about: Attributes,
        *,
        failed: bool = False,
    ) -> Span:
        """A span that is over; None: now."""
        span = self._tracer.start_span(name, _below(parent), kind, about, start_time=round(began_at * 1e9))
        if failed:
            span.set_status(StatusCode.ERROR)
        span.end(None if ended_at is None else round(max(began_at, ended_at) * 1e9))
        its = span.get_span_context()
        return Span(its.trace_id, its.span_id, its.trace_flags)


def _about(news: JobEntered | AttemptSettled) -> Attributes:
    return {
        "audience.provider": news.provider,
        "audience.account": news.account,
        "audience.operation": news.operation,
        "audience.job_id": news.job_id,
    }


def _below(parent: Span | None) -> Context:
    if parent is None:
        return Context()
    its = SpanContext(parent.trace_id, parent.span_id, is_remote=True, trace_flags=TraceFlags(parent.flags))
    return set_span_in_context(NonRecordingSpan(its), Context())
