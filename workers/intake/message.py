"""What is in a message? A bare job, a kombu envelope of a Redis list, or a call from any Celery app, told by shape.

A valid body is a job, whatever headers came with it: only the body decides.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from schemas.problem import Problem
from schemas.reading import Accepted, Payloads, Readable, Refused, read_body, read_job
from schemas.strict_json import compact

ONE_ARGUMENT = 'one positional argument, the job as an object: send_task("audience.submit", args=[job])'
NO_JOB_FIELD = "the field job with the job's JSON, as in: XADD audience:jobs * job '{…}'"


@dataclass(frozen=True, slots=True)
class Message:
    """What was read of one message."""

    body: bytes  # as it came, kept for the operator
    identity: bytes  # what names it if it is rejected: its body, or its arguments
    read: Accepted | Refused
    job: bytes = b""  # the job's own JSON, if it is one


def from_queue(body: bytes, payloads: Payloads) -> Message:
    """A message of an AMQP queue."""
    call = _celery_call(body)
    return Message(body, body, read_body(body, payloads), body) if call is None else _from_call(body, *call, payloads)


def from_list(entry: bytes, payloads: Payloads) -> Message:
    """An entry of a Redis list: kombu's envelope around a body, or the bare body."""
    body = _enveloped(entry)
    return from_queue(entry if body is None else body, payloads)


def from_stream(fields: list[tuple[bytes, bytes]], payloads: Payloads) -> Message:
    """An entry of the Redis stream."""
    body = dict(fields).get(b"job")
    if body is not None:
        return from_queue(body, payloads)
    whole = b"\0".join(part for field in fields for part in field)
    return Message(whole, whole, Refused((Problem("", NO_JOB_FIELD),), Readable()))


def _from_call(body: bytes, args: list[Any], kwargs: dict[str, Any], payloads: Payloads) -> Message:
    if len(args) == 1 and not kwargs:
        read = read_job(args[0], payloads)
    else:
        read = Refused((Problem("", ONE_ARGUMENT),), Readable())
    job = compact(args[0]) if isinstance(read, Accepted) else b""
    return Message(body, _spelled([args, kwargs]), read, job)


def _spelled(arguments: list[Any]) -> bytes:
    """The same bytes for the same arguments, whatever they are."""
    return json.dumps(arguments, sort_keys=True, separators=(",", ":")).encode()


def _enveloped(entry: bytes) -> bytes | None:
    """The body inside kombu's envelope; None for what is no such envelope."""
    if b'"properties"' not in entry:
        return None
    envelope = _loads(entry)
    if not isinstance(envelope, dict) or not isinstance(envelope.get("body"), str):
        return None
    properties = envelope.get("properties")
    if not isinstance(properties, dict):
        return None
    if properties.get("body_encoding") != "base64":
        return str(envelope["body"]).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(envelope["body"], validate=True)
    except (binascii.Error, ValueError):
        return None


def _celery_call(body: bytes) -> tuple[list[Any], dict[str, Any]] | None:
    """The arguments of a Celery message of protocol 2, ``[args, kwargs, embed]``, or 1, an object; else None."""
    if not (body.lstrip()[:1] == b"[" or (b'"task"' in body and b'"args"' in body)):
        return None
    match _loads(body):
        case [list() as args, dict() as kwargs, dict()]:
            return args, kwargs
        case {"task": str(), "id": str(), "args": list() as args, "kwargs": dict() as kwargs}:
            return args, kwargs
        case _:
            return None


def _loads(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
