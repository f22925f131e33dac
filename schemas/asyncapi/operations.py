"""What does the service do? It receives jobs by three channels, and sends each answer by three others."""

from collections.abc import Iterable
from typing import Any

from schemas.asyncapi.channels import BINDING
from schemas.asyncapi.messages import EVENT_TYPES

_REDIS: dict[str, Any] = {"redis": {}}
_PUBLISHED = {"deliveryMode": 2, "mandatory": True, "bindingVersion": BINDING}


def operations(jobs: Iterable[str]) -> dict[str, Any]:
    """Key → operation, as the service sees it: what it receives, you send."""
    received: dict[str, Any] = {"amqp": {**_PUBLISHED, "ack": True}, **_REDIS}
    sent: dict[str, Any] = {"amqp": _PUBLISHED, **_REDIS}
    return {
        "receiveJob": _receive("jobs", "results", "Put a job on the queue", [*jobs, "signed"], received),
        "receiveJobOfStream": _receive("jobsStream", "resultsStream", "Put a job into the stream", ["entry"], _REDIS),
        "receiveCall": _receive("calls", "results", "Call the Celery task", ["call"], received),
        "sendEvent": _send("results", "Hear of what you bind a queue to", {"amqp": _PUBLISHED}),
        "sendEventToQueue": _send("resultsQueue", "Take events from the one durable queue", sent),
        "sendEventToStream": _send("resultsStream", "Read events without taking them from others", _REDIS),
    }


def _receive(
    channel: str, answers: str, summary: str, messages: Iterable[str], bindings: dict[str, Any]
) -> dict[str, Any]:
    return {
        **_operation("receive", channel, summary, messages, bindings),
        "description": "Acknowledged only when the job, or its rejection, is stored.",
        "reply": {"channel": {"$ref": f"#/channels/{answers}"}, "messages": _messages(answers, EVENT_TYPES)},
    }


def _send(channel: str, summary: str, bindings: dict[str, Any]) -> dict[str, Any]:
    return _operation("send", channel, summary, EVENT_TYPES, bindings)


def _operation(
    action: str, channel: str, summary: str, messages: Iterable[str], bindings: dict[str, Any]
) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "messages": _messages(channel, messages),
        "bindings": bindings,
    }


def _messages(channel: str, names: Iterable[str]) -> list[dict[str, str]]:
    return [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names]
