"""How does a Python program send jobs? Checked before they leave, confirmed by the broker where it can."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import kombu
from kombu import Exchange, Queue

from audience_client.connection import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S, connect, is_amqp
from schemas.generate import PAYLOADS
from schemas.job import Job
from schemas.problem import Problem
from schemas.reading import Payloads, Refused, read_job
from schemas.signed import Signer, looks_signed
from schemas.strict_json import compact

# As the service declares it. Another argument, and RabbitMQ closes the channel of whoever comes second.
JOBS = Queue(
    "audience.jobs",
    Exchange(""),
    routing_key="audience.jobs",
    durable=True,
    queue_arguments={"x-queue-type": "quorum"},
)

# kombu's own retry: a lost connection is opened anew. A job that arrives twice by it is one job, by its id.
_RETRY = {"max_retries": 3, "interval_start": 0.1, "interval_step": 0.4, "interval_max": 2.0}


class InvalidJob(ValueError):  # noqa: N818 - the name says what happened
    """The job was not sent: ``problems`` names every place where it is wrong, and what was expected there."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{each.pointer or 'the root'}: {each.expected}" for each in problems))


class Producer:
    """Sends jobs to the queue ``audience.jobs``. A context manager, for one thread; opens its connection when needed.

    ``broker_url`` is kombu's; of Sentinels it ends with the name of their master: ``sentinel://host:26379#mymaster``.
    ``payloads`` tells which operations exist; by default those of the providers that come with the project.
    ``signer`` signs what is submitted, for accounts that take jobs from producers by their signature only.
    """

    def __init__(self, broker_url: str, payloads: Payloads = PAYLOADS, signer: Signer | None = None) -> None:
        self._payloads = payloads
        self._signer = signer
        self._connection = connect(broker_url)
        self._mandatory = is_amqp(broker_url)
        self._producer: kombu.Producer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the broker."""
        self._connection.release()
        self._producer = None

    def submit(self, job: Job | Mapping[str, Any]) -> None:
        """Send one job. The same id again is the same job, so that a submit whose end is unknown may be repeated.

        Raises ``InvalidJob`` where it is not valid, and ``kombu.exceptions.OperationalError`` where the broker is
        out of reach.
        """
        value = job.model_dump(mode="json", exclude_unset=True) if isinstance(job, Job) else dict(job)
        read = read_job(value, self._payloads)
        if isinstance(read, Refused):
            raise InvalidJob(read.problems)
        body = compact(value)
        self.send(body if self._signer is None else self._signer.sign(body))

    def send(self, body: bytes) -> None:
        """Send bytes as they are, unchecked and unsigned: what is no valid job is answered by a ``rejected`` event."""
        self._open().publish(
            body,
            exchange="",
            routing_key=JOBS.name,
            content_type="application/jose" if looks_signed(body) else "application/json",
            content_encoding="utf-8",
            delivery_mode=2,
            mandatory=self._mandatory,
            confirm_timeout=ANSWER_TIMEOUT_S,
            retry=True,
            retry_policy=_RETRY,
        )

    def _open(self) -> kombu.Producer:
        if self._producer is None:
            self._connection.ensure_connection(max_retries=1, timeout=CONNECT_TIMEOUT_S, reraise_as_library_errors=True)
            channel = self._connection.default_channel
            JOBS(channel).declare()
            self._producer = kombu.Producer(self._connection, auto_declare=False)
        return self._producer
