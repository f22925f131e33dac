"""How can an attempt end? The closed set of outcomes, and what follows from each.

outcome         the worker                                      the producer sees
─────────────   ─────────────────────────────────────────────   ──────────────────────────────────────
Succeeded       settles                                         succeeded
AlreadyExists   looks the audience up, adopts it if it matches  succeeded, already_existed: true
                … no match                                      failed, rejected_by_provider
Throttled       pauses the lane; no attempt spent               nothing yet; throttled once too old
Postponed       gives the job back; no attempt spent            nothing yet; throttled once too old
Deferred        tries this job again later; no attempt spent    nothing yet; throttled once too old
Unavailable     tries again later                               nothing yet; unavailable once used up
Unknown         looks first, before anything is sent again      nothing yet; outcome_unknown if it stays so
Unseen          looks again later; no attempt spent             nothing yet
AuthFailed      settles                                         failed, auth
Rejected        settles                                         failed, rejected_by_provider
Unusable        settles                                         failed, invalid_job
Expired         settles                                         failed, expired
Broken          settles                                         failed, internal
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said that ended the attempt: the provider, or our own side if there is no status."""

    message: str
    code: str | None = None
    http_status: int | None = None


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The provider's success criterion holds. ``result`` is the event's ``result`` object."""

    result: dict[str, Any]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlreadyExists:
    """The provider says that what the job would create is there."""

    said: Said


@dataclass(frozen=True, slots=True)
class Throttled:
    """The provider asks for patience. ``after_s`` is what it asked for, None if it named no time."""

    said: Said
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Postponed:
    """Our own side held the request back: the job keeps its place in its lane."""

    said: Said


@dataclass(frozen=True, slots=True)
class Deferred:
    """The job is too early, by the provider's rules or our own; others of its lane are not."""

    said: Said
    after_s: float


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The provider surely did not apply it: connect failure, 503 on a read and the like.

    ``at_provider`` is False where somebody else is out, such as the host of a file that the job names; ``tried``
    where nothing was sent, since no try was left.
    """

    said: Said
    at_provider: bool = True
    tried: bool = True


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been applied: the answer was lost, or said neither yes nor no.

    ``after_s`` is how long the provider asked all of the account to wait, None if it did not.
    """

    said: Said
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Unseen:
    """A look-up after an unknown outcome did not find the audience; too early to say it is absent."""

    said: Said


@dataclass(frozen=True, slots=True)
class AuthFailed:
    """The provider refuses the credentials, or they are missing on our side."""

    said: Said


@dataclass(frozen=True, slots=True)
class Rejected:
    """The provider says no, and would say it again."""

    said: Said


@dataclass(frozen=True, slots=True)
class Unusable:
    """What the job names cannot be used, such as a file that is not there; the job has to be mended."""

    said: Said


@dataclass(frozen=True, slots=True)
class Expired:
    """The job's ``expires_at`` passed before the request could be sent."""

    said: Said = field(default_factory=lambda: Said("the job expired before it could be sent"))


@dataclass(frozen=True, slots=True)
class Broken:
    """A fault of this service, never of the job or the provider."""

    said: Said


Outcome = (
    Succeeded
    | AlreadyExists
    | Throttled
    | Postponed
    | Deferred
    | Unavailable
    | Unknown
    | Unseen
    | AuthFailed
    | Rejected
    | Unusable
    | Expired
    | Broken
)


class AttemptEnded(Exception):  # noqa: N818 - an ending, often not an error
    """Leaves an operation from any depth with the outcome that ended the attempt."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(type(outcome).__name__)
        self.outcome = outcome
