"""What is Celery told? Where its broker is, that its pool is one of threads, and that it reads no queue."""

from __future__ import annotations

from workers import broker
from workers.bootstrap import Service


def celery_configuration(here: Service) -> dict[str, object]:
    """Celery's settings, which it asks for when it first needs them.

    Raises ``SettingsError``: a wrong configuration, or a provider that is not there, ends the worker before it takes
    a job.
    """
    here.configs  # noqa: B018
    here.executed()
    url = broker.in_any_order(here.endpoints.broker_url)
    return {
        "broker_url": url,
        "broker_use_ssl": broker.tls(url),
        "broker_transport_options": broker.transport_options(url),
        # Celery 5.7.0 lets two threads read one AMQP socket, which tears frames apart and stops a worker for a while.
        # Its main thread reads, for heartbeats, the connection on which every thread publishes events; and every
        # thread reads the consumer's, to raise a prefetch count that was lowered after an outage. Dead peers are
        # found by TCP keepalive.
        "broker_heartbeat": 0,
        "worker_enable_prefetch_count_reduction": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_pool_limit": here.settings.concurrency,
        # A channel that RabbitMQ closes, for a queue whose node is just leaving the cluster, would end the worker.
        "broker_channel_error_retry": True,
        # Celery reads no queue: a job comes from its lane (execution/feed.py). With no default queue either, it
        # takes none of others.
        "task_queues": [],
        "task_default_queue": "",
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "task_acks_late": True,  # a job's place in the pool is free when its task has ended, not when it begins
        "worker_pool": "workers.execution.threads:Pool",
        "worker_concurrency": here.settings.concurrency,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
    }
