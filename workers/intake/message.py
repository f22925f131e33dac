"""What is in a message? A job, bare or signed, a kombu envelope of a Redis list, or any Celery app's call, by shape.

A valid body is a job, whatever headers came with it: only the body decides.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from schemas import signed
from schemas.job import Job
from schemas.problem import Problem
from schemas.reading import Accepted, Payloads, Readable, Refused, read_body, read_job
from schemas.signed import SignedJob, looks_signed
from schemas.strict_json import MAX_BODY_BYTES, compact

ONE_ARGUMENT = 'one positional argument, the job as an object: send_task("audience.submit", args=[job])'
MAX_WRAPPED_BYTES = 4 * MAX_BODY_BYTES
"""What a job of the largest size takes in an envelope, escaped or in base64; beyond, nothing is parsed."""
NO_JOB_FIELD = "the field job with the job's JSON, as in: XADD audience:jobs * job '{…}'"


@dataclass(frozen=True, slots=True)
class Message:
    """What was read of one message."""

    body: bytes  # as it came, kept for the operator
    identity: bytes  # what names it if it is rejected: its body, or its arguments
    read: Accepted | Refused
    job: bytes = b""  # the job's own JSON, if it is one
    signed: SignedJob | None = None  # what it stood in, not yet checked
    is_operators: bool = False  # an operator's words, which no producer signs

    @property
    def producer(self) -> str | None:
        """Who is said to have signed it."""
        return None if self.signed is None else self.signed.producer

    @property
    def said(self) -> Job | Readable:
        """What can be read of the job."""
        return self.read.job if isinstance(self.read, Accepted) else self.read.readable


def from_queue(body: bytes, payloads: Payloads) -> Message:
    """A message of an AMQP queue."""
    if looks_signed(body):
        return _from_jws(body, body, body, payloads)
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
    identity = _spelled([args, kwargs])
    if len(args) != 1 or kwargs:
        return Message(body, identity, Refused((Problem("", ONE_ARGUMENT),), Readable()))
    token = args[0].encode("utf-8", "surrogatepass") if isinstance(args[0], str) else b""
    if looks_signed(token):
        return _from_jws(body, identity, token, payloads)
    read = read_job(args[0], payloads)
    return Message(body, identity, read, compact(args[0]) if isinstance(read, Accepted) else b"")


def _from_jws(body: bytes, identity: bytes, token: bytes, payloads: Payloads) -> Message:
    found = signed.read(token)
    if isinstance(found, Problem):
        return Message(body, identity, Refused((found,), Readable()))
    return Message(body, identity, read_body(found.job, payloads), found.job, found)


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
    if len(text) > MAX_WRAPPED_BYTES:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
