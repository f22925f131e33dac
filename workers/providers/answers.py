"""What does a refusal mean? The statuses that all providers share, and the outcome of each meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import assert_never

from workers.http import Answer
from workers.outcome import (
    AlreadyExists,
    AuthFailed,
    Outcome,
    Rejected,
    Said,
    Throttled,
    Unavailable,
    Unknown,
)


class Means(Enum):
    """What a refusal says of the request. Where one answer holds several, the first of this order leads."""

    AUTH = "the credentials, or what they may do, are refused; the request was not processed"
    FORBIDDEN = "the credentials are good, but may not do this; the request was not processed"
    REJECTED = "no, and again no if it were repeated"
    FAILED = "neither yes nor no: it may have been applied"
    THROTTLED = "not now; it was not processed"
    EXISTS = "what it would create is there"
    ABSENT = "there is nothing of the kind"

    @property
    def rank(self) -> int:
        """0 leads."""
        return list(Means).index(self)


STATUSES: Mapping[str, Means] = {
    # An exact status leads over its class. A provider's codes and texts lead over all of these.
    "401": Means.AUTH,
    "403": Means.FORBIDDEN,
    "408": Means.FAILED,  # RFC 9110, 15.5.9: how much of the request had arrived is not said
    "429": Means.THROTTLED,
    "3xx": Means.REJECTED,  # undocumented everywhere; credentials are not carried to another host
    "4xx": Means.REJECTED,
    "5xx": Means.FAILED,
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no success: which row of the tables it hit, what that means, what was said."""

    row: str
    means: Means
    said: Said


def by_status(status: int) -> tuple[str, Means]:
    """The row of ``STATUSES`` for a status, with its name; any other says neither yes nor no."""
    row = next((row for row in (str(status), f"{status // 100}xx") if row in STATUSES), "5xx")
    return f"status {row}", STATUSES[row]


def unclear(answer: Answer, message: str) -> Refusal:
    """A status of success without what the success criterion needs."""
    return Refusal("no success", Means.FAILED, Said(message, http_status=answer.status))


def worst(refusals: list[Refusal]) -> Refusal:
    """The refusal that leads, with the sentences of all of them."""
    leading = min(refusals, key=lambda refusal: refusal.means.rank)
    said = Said(" ".join(each.said.message for each in refusals), leading.said.code, leading.said.http_status)
    return Refusal(leading.row, leading.means, said)


def outcome(refusal: Refusal, answer: Answer, *, changes: bool) -> Outcome:
    """The outcome of a refused request. ``changes``: as in ``Call.request``."""
    said, means = refusal.said, refusal.means
    # RFC 9110, 15.6.4: with 503, Retry-After says how long the service will be out.
    after_s = answer.retry_after_s() if answer.status == HTTPStatus.SERVICE_UNAVAILABLE else None
    match means:
        case Means.AUTH | Means.FORBIDDEN:
            return AuthFailed(said)
        case Means.REJECTED | Means.ABSENT:
            return Rejected(said)
        case Means.THROTTLED:
            return Throttled(said, answer.retry_after_s())
        case Means.EXISTS:
            return AlreadyExists(said) if changes else Rejected(said)
        case Means.FAILED if changes:
            return Unknown(said, after_s)
        case Means.FAILED:
            return Unavailable(said) if after_s is None else Throttled(said, after_s)
    assert_never(means)
