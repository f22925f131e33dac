"""How the sandbox behaves where the real providers would be slow, strict, broken or silent."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self

from sandbox.rates import parse_rates
from sandbox.refusals import UnusableError


class RetryAfter(StrEnum):
    """How a 429 says when to come back."""

    SECONDS = "seconds"
    HTTP_DATE = "http-date"
    NONE = "none"


class PubmaticThrottle(StrEnum):
    """What PubMatic's throttling looks like: undocumented; its host sits on Apigee, which once said 500."""

    PLAIN = "plain"
    APIGEE = "apigee"
    APIGEE_500 = "apigee-500"


class MintegralThrottle(StrEnum):
    """What Mintegral's throttling looks like: undocumented; a sibling API says 200 and only a text."""

    HTTP = "http"
    ENVELOPE = "envelope"


class LostAnswer(StrEnum):
    """What becomes of a connection whose answer gets lost after the commit."""

    HANG = "hang"
    RESET = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Every option, settable at the start and, with `PATCH /_sandbox/behaviour`, during a run.

    The dice are rolled in order of arrival, so the same seed and the same order of requests give the same
    run.
    """

    latency_ms: float = 0.0  # before anything is decided
    rate_limit: str = ""  # "5/s" for each account; "5/s, pubmatic/acme=2/s" with exceptions
    rate_tolerance_ms: float = 20.0  # jitter between leaving a worker and arriving here, at a window's edge
    retry_after: RetryAfter = RetryAfter.SECONDS
    pubmatic_throttle: PubmaticThrottle = PubmaticThrottle.PLAIN
    mintegral_throttle: MintegralThrottle = MintegralThrottle.HTTP
    error_rate: float = 0.0  # share of requests answered 500 or 503 before anything is done
    timeout_after_commit_rate: float = 0.0  # share of applied requests whose answer is lost
    lost_answer: LostAnswer = LostAnswer.HANG
    hang_s: float = 60.0  # the longest an unanswered connection is held open
    seed: int = 0
    visible_after_ms: float = 0.0  # read-after-write lag: how long a new audience stays out of get and list
    page_size_max: int = 100  # PubMatic: a larger pageSize is cut to it; also the most a bare array holds
    token_ttl_s: float = 60 * 86400.0  # PubMatic: life of a generated access token
    token_generations_max: int = 200  # PubMatic: more than this in 20 minutes disables the account
    clock_tolerance_s: float = 300.0  # Mintegral: how far the timestamp header may be off
    update_lock_s: float = 12 * 3600.0  # Mintegral: no update so soon after creation or the last change
    presign_ttl_s: int = 300  # Mintegral: life of an upload URL
    uploads_required: bool = False  # Mintegral: data_path must name a file that was uploaded here
    newer_device_types: bool = False  # Mintegral: also accept 12 and 13, as newer documents number IDFV

    def __post_init__(self) -> None:
        for name in ("error_rate", "timeout_after_commit_rate"):
            if not 0 <= getattr(self, name) <= 1:
                raise UnusableError(f"{name} is a share between 0 and 1")
        parse_rates(self.rate_limit)

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """A copy with these options; UnusableError names one that does not exist or take the value."""
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        values: dict[str, Any] = {}
        for name, value in changes.items():
            if name not in kinds:
                raise UnusableError(f"{name!r} is no option; there are {', '.join(kinds)}")
            kind = kinds[name]
            wanted = (int, float) if kind is float else str if issubclass(kind, str) else kind
            if not isinstance(value, wanted) or isinstance(value, bool) is not (kind is bool):
                raise UnusableError(f"{name} takes {kind.__name__}")
            values[name] = kind(value)
        return replace(self, **values)
