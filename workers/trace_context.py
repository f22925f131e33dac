"""Which trace is a job part of? The producer's, or one that follows from the job's name; known to all without asking.

The job's intake and its event are spans whose ids follow from their names as well. So every worker, whatever it does
for the job, knows the parent of what it does, and nothing has to be stored.

Written as W3C Trace Context (https://www.w3.org/TR/trace-context/), version 00.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

SAMPLED = 1


@dataclass(frozen=True, slots=True)
class Span:
    """A span's place: its trace, its own id, and whether the trace is kept."""

    trace_id: int
    span_id: int
    flags: int

    def __str__(self) -> str:
        """As a ``traceparent``."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-{self.flags:02x}"


def read(traceparent: str) -> Span:
    """A valid ``traceparent``, of any version."""
    _, trace_id, span_id, flags = traceparent.split("-")[:4]
    return Span(int(trace_id, 16), int(span_id, 16), int(flags, 16) & SAMPLED)


def intake_of(job: str, traceparent: str | None) -> Span:
    """The span of a job's intake; the parent of all else. ``job`` is ``<provider>/<account>/<id>``."""
    producer = None if traceparent is None else read(traceparent)
    return Span(
        _id(job, "trace", 16) if producer is None else producer.trace_id,
        _id(job, "intake", 8),
        SAMPLED if producer is None else producer.flags,
    )


def event_of(job: str, run: int, traceparent: str | None) -> Span:
    """The span of the event that ends a run: what the event carries on."""
    intake = intake_of(job, traceparent)
    return Span(intake.trace_id, _id(f"{job}/{run}", "event", 8), intake.flags)


def _id(name: str, what: str, size: int) -> int:
    """Never 0, which is no id."""
    digest = hashlib.blake2b(name.encode(), digest_size=size, person=what.encode()).digest()
    return int.from_bytes(digest, "big") or 1
