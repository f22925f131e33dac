"""What did this process do? Counters and histograms, fed by the news; nobody else is asked for them."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import assert_never, get_args

from prometheus_client import CollectorRegistry, Counter, Histogram

from schemas.event import ErrorCategory
from workers.config import ProviderConfig
from workers.monitoring.metrics.standing import OTHER
from workers.news import (
    AttemptSettled,
    EventPublished,
    JobEntered,
    LeasesRescued,
    MessageRejected,
    MessageTaken,
    News,
    PermitAsked,
    RequestEnded,
)

JOB = ("provider", "account", "operation")
REJECTIONS: tuple[ErrorCategory, ...] = ("invalid_job", "unknown_account", "conflicting_duplicate", "internal")
REQUEST_S = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
WAIT_S = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
AGE_S = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0)
JOB_S = (0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 43200.0, 86400.0)


class Counts:
    """Listens to the news of one process. Accounts that are not configured count as ``other``."""

    def __init__(self, registry: CollectorRegistry, configs: Mapping[str, ProviderConfig]) -> None:
        self._configs = configs

        def counter(name: str, what: str, labels: tuple[str, ...]) -> Counter:
            return Counter(f"audience_{name}", what, labels, registry=registry)

        def histogram(name: str, what: str, labels: tuple[str, ...], buckets: tuple[float, ...]) -> Histogram:
            return Histogram(f"audience_{name}", what, labels, buckets=buckets, registry=registry)

        self.jobs = counter(
            "jobs_accepted", "Valid jobs taken in; outcome: new, duplicate, repeated.", (*JOB, "outcome")
        )
        self.rejected = counter(
            "messages_rejected", "Messages that were no valid or no new job.", ("provider", "category")
        )
        self.age = histogram("intake_age_seconds", "Age of messages when they were taken in.", ("queue",), AGE_S)
        self.succeeded = counter("jobs_succeeded", "Jobs that ended well.", JOB)
        self.failed = counter(
            "jobs_failed", "Jobs that ended badly; each is a dead letter.", ("provider", "account", "category")
        )
        self.attempts = counter("attempts", "Attempts, by how they ended.", (*JOB, "outcome"))
        self.waited = histogram(
            "lane_wait_seconds", "Wait of a job in its lane before an attempt.", ("provider",), JOB_S
        )
        self.requests = counter(
            "provider_requests", "HTTP requests; outcome: 2xx to 5xx, 429, lost, unsent.", (*JOB, "outcome")
        )
        self.took = histogram(
            "provider_request_duration_seconds", "HTTP requests that were sent, from first byte to answer.",
            ("provider", "operation"), REQUEST_S,
        )  # fmt: skip
        self.permits = counter(
            "permits", "Answers to requests' asking for a permit.", ("provider", "account", "outcome")
        )
        self.permit_wait = histogram("permit_wait_seconds", "Wait of requests for a permit.", ("provider",), WAIT_S)
        self.rescued = counter(
            "leases_rescued", "Leases that ran out; state: handed (not started), running.", ("provider", "state")
        )
        self.published = counter("events_published", "Events that left the outbox, repeats too.", ("provider",))

        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """What an alert watches must be there before it happens: Prometheus sees no rise in a series that is new."""
        for provider, config in self._configs.items():
            for account in config.accounts:
                for category in get_args(ErrorCategory):
                    self.failed.labels(provider, account, category)
            for state in ("handed", "running"):
                self.rescued.labels(provider, state)
        for provider in (*self._configs, OTHER):
            for category in REJECTIONS:
                self.rejected.labels(provider, category)

    def hear(self, news: News) -> None:
        """Count it."""
        match news:
            case JobEntered():
                self.jobs.labels(*self._job(news), news.stored).inc()
            case MessageRejected(provider, category):
                self.rejected.labels(provider or OTHER, category).inc()
            case MessageTaken(queue, age_s):
                self.age.labels(queue).observe(age_s)
            case PermitAsked():
                self._permit(news)
            case RequestEnded():
                self._request(news)
            case AttemptSettled():
                self._attempt(news)
            case LeasesRescued(provider, handed, running):
                self.rescued.labels(provider, "handed").inc(handed)
                self.rescued.labels(provider, "running").inc(running)
            case EventPublished(partition):
                self.published.labels(partition).inc()
            case _:
                assert_never(news)

    def _job(self, its: JobEntered | RequestEnded | AttemptSettled) -> tuple[str, str, str]:
        return its.provider, self._account(its), its.operation

    def _account(self, its: JobEntered | RequestEnded | AttemptSettled | PermitAsked) -> str:
        known = its.provider in self._configs and its.account in self._configs[its.provider].accounts
        return its.account if known else OTHER

    def _permit(self, news: PermitAsked) -> None:
        self.permits.labels(news.provider, self._account(news), news.answer).inc()
        if news.answer == "given":
            self.permit_wait.labels(news.provider).observe(news.wait_s)

    def _request(self, news: RequestEnded) -> None:
        self.requests.labels(*self._job(news), _outcome(news)).inc()
        if news.sent:
            self.took.labels(news.provider, news.operation).observe(news.took_s)

    def _attempt(self, news: AttemptSettled) -> None:
        job = self._job(news)
        self.attempts.labels(*job, news.outcome).inc()
        self.waited.labels(news.provider).observe(max(0.0, news.began_at - news.waiting_since))
        if news.verdict == "succeeded":
            self.succeeded.labels(*job).inc()
        elif news.verdict != "again":
            self.failed.labels(*job[:2], news.verdict).inc()


def _outcome(request: RequestEnded) -> str:
    if request.status is None:
        return "lost" if request.sent else "unsent"
    return "429" if request.status == HTTPStatus.TOO_MANY_REQUESTS else f"{request.status // 100}xx"
