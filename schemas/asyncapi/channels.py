"""Which queues, lists, streams and exchanges are there? Each with what a client must know to declare or to read it."""

from collections.abc import Iterable
from typing import Any

from schemas.asyncapi.messages import EVENT_TYPES

BINDING = "0.3.0"
_QUORUM = {"x-queue-arguments": {"x-queue-type": "quorum"}}


def channels(jobs: Iterable[str]) -> dict[str, Any]:
    """Key → channel. ``jobs``: the messages that are jobs."""
    jobs = list(jobs)
    return {
        "jobs": _channel(
            "audience.jobs",
            "The jobs queue. On RabbitMQ a quorum queue behind the default exchange: declare it passively, and publish "
            "persistent, mandatory, with confirms. On Redis a list: `LPUSH audience.jobs '<the JSON>'`.",
            ["rabbitmq", "redis"],
            [*jobs, "signed"],
            _queue("audience.jobs", quorum=True),
        ),
        "calls": _channel(
            "audience.submit",
            "The queue of the Celery task audience.submit, declared as Celery declares a missing queue.",
            ["rabbitmq", "redis"],
            ["call"],
            _queue("audience.submit", quorum=False),
        ),
        "jobsStream": _channel(
            "audience:jobs",
            "A Redis stream for jobs, on the Redis of the state, whatever the broker is.",
            ["redis"],
            ["entry"],
            {},
        ),
        "results": _results(),
        "resultsQueue": _channel(
            "audience.results",
            "A durable queue with every event, bound to the exchange by #. Nothing trims it. On Redis a list that "
            "kombu reads.",
            ["rabbitmq", "redis"],
            EVENT_TYPES,
            _queue("audience.results", quorum=True),
        ),
        "resultsStream": _channel(
            "audience:results",
            "A Redis stream with every event, trimmed to about 100,000, on the Redis of the state. The event's JSON "
            "stands in the field event.",
            ["redis"],
            EVENT_TYPES,
            {},
        ),
    }


def _results() -> dict[str, Any]:
    exchange = {"name": "audience.results", "type": "topic", "durable": True, "autoDelete": False, "vhost": "/"}
    known = "or unknown, in a rejection of what names no known one."
    return {
        **_channel(
            "{provider}.{operation}.{status}",
            "The topic exchange audience.results: bind a queue of your own to what you want to hear.",
            ["rabbitmq"],
            EVENT_TYPES,
            {"amqp": {"is": "routingKey", "exchange": exchange, "bindingVersion": BINDING}},
        ),
        "parameters": {
            "provider": {"description": f"The provider, {known}"},
            "operation": {"description": f"The operation, {known}"},
            "status": {"description": "How the run ended.", "enum": [each.split(".")[-1] for each in EVENT_TYPES]},
        },
    }


def _queue(name: str, *, quorum: bool) -> dict[str, Any]:
    queue = {"name": name, "durable": True, "exclusive": False, "autoDelete": False, "vhost": "/"}
    amqp = {"is": "queue", "queue": queue, "bindingVersion": BINDING}
    return {"amqp": {**amqp, **_QUORUM} if quorum else amqp}


def _channel(
    address: str, description: str, servers: list[str], messages: Iterable[str], bindings: dict[str, Any]
) -> dict[str, Any]:
    redis: dict[str, Any] = {"redis": {}} if "redis" in servers else {}
    return {
        "address": address,
        "description": description,
        "servers": [{"$ref": f"#/servers/{name}"} for name in servers],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {**bindings, **redis},
    }
