"""Which of the next requests goes wrong, and how.

A fault is set from outside for the next `times` requests that match it, or by a request's own header for that
request alone. A request meets it after latency, dice and rate limit, so a fault that commits first always
finds a request that would have been processed.
"""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from sandbox.answers import JSON, Answer
from sandbox.calls import Call
from sandbox.rates import RetryAfter, retry_after


class Action(StrEnum):
    ANSWER = "answer"  # this status, headers and body; nothing is done
    RESET = "reset"  # the connection is reset; nothing is done
    HANG = "hang"  # no answer; nothing is done
    COMMIT_THEN_ANSWER = "commit_then_answer"  # done, but this status, headers and body are answered
    COMMIT_THEN_RESET = "commit_then_reset"  # done, then the connection is reset
    COMMIT_THEN_HANG = "commit_then_hang"  # done, then no answer
    COMMIT_THEN_TRUNCATE = "commit_then_truncate"  # done, then half of the answer and the end of the connection
    DRIP = "drip"  # done, then the answer one byte every delay_ms
    DELAY = "delay"  # done and answered delay_ms late


@dataclass(slots=True, kw_only=True)
class Fault:
    """What to match (absent: anything) and what to do. `path` may hold `*`, `contains` is of the body."""

    action: Action
    preset: str | None = None  # the named one this is made of
    method: str | None = None
    path: str | None = None
    provider: str | None = None
    account: str | None = None
    name: str | None = None
    contains: str | None = None
    times: int = 1
    skip: int = 0  # how many matching requests pass first
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = ""
    retry_after_s: float | None = None  # counted from the answer
    retry_after: RetryAfter = RetryAfter.SECONDS
    delay_ms: float = 100.0
    id: int = 0

    @property
    def label(self) -> str:
        """What the ledger calls it."""
        return self.preset or self.action.value

    def matches(self, call: Call, provider: str, name: str) -> bool:
        return (
            self.method in (None, call.method)
            and (self.path is None or fnmatchcase(call.path, self.path))
            and self.provider in (None, provider)
            and self.account in (None, call.account)
            and self.name in (None, name)
            and (self.contains is None or self.contains.encode(errors="replace") in call.body)
        )

    def answer(self, now: float) -> Answer:
        """A body that is text goes out as it is, anything else as JSON. `now` is Unix seconds."""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        later = {} if self.retry_after_s is None else retry_after(self.retry_after, self.retry_after_s, now)
        return Answer(self.status, text.encode(errors="replace"), JSON, later | self.headers)


@dataclass(slots=True)
class Faults:
    """The faults still to happen, in the order in which they were set."""

    pending: list[Fault] = field(default_factory=list)
    last_id: int = 0

    def add(self, fault: Fault) -> int:
        self.last_id += 1
        fault.id = self.last_id
        self.pending.append(fault)
        return fault.id

    def take(self, call: Call, provider: str, name: str) -> Fault | None:
        """The fault this request meets, now used once; one that is skipped over counts for one fault."""
        for fault in self.pending:
            if not fault.matches(call, provider, name):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                return None
            fault.times -= 1
            if fault.times <= 0:
                self.pending.remove(fault)
            return fault
        return None
