"""How the sandbox behaves where the real providers would be slow, strict, broken or silent."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self

from sandbox.rates import RetryAfter, parse_rates
from sandbox.refusals import UnusableError

_LARGEST = 1_000_000_000
_REFUSAL_STATUSES = {200, *range(400, 500)}


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


class AuthHeader(StrEnum):
    """Where PubMatic takes its token from: the page says pubToken, later documents and clients a Bearer."""

    EITHER = "either"
    PUBTOKEN = "pubToken"
    BEARER = "bearer"


class ExpiredToken(StrEnum):
    """How PubMatic says that a token has expired: public clients have met each of these."""

    UNAUTHORIZED = "unauthorized"  # 401 and the code access_token_expired
    IN_200 = "in-200"  # the same code inside a 200
    EMPTY = "empty"  # 401 without a body
    APIGEE = "apigee"  # 401 and the gateway's fault


class ListShape(StrEnum):
    """How PubMatic wraps a list: the page has samples of both."""

    AUTO = "auto"  # an array when no page was asked for and all fits, else pages
    ARRAY = "array"  # always one array of everything, whatever page was asked for
    PAGES = "pages"  # always {metaData, items}


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
    treacherous: bool = False  # every JSON value in the other type or wording that some sample or table has
    visible_after_ms: float = 0.0  # read-after-write lag: how long a new audience stays out of get and list
    page_size_max: int = 100  # PubMatic: a larger pageSize is cut to it; also the most a bare array holds
    page_size_ignored: bool = False  # PubMatic: pageSize does nothing, as on some of its resources
    list_shape: ListShape = ListShape.AUTO
    refusal_status: int = 400  # PubMatic: of an array of AUD01 and CC03 codes; no page says which, 200 hides it
    negative_price_is_zero: bool = False  # PubMatic: as the request table says, instead of AUD01_0153
    auth_header: AuthHeader = AuthHeader.EITHER
    expired_token: ExpiredToken = ExpiredToken.UNAUTHORIZED
    token_ttl_s: float = 60 * 86400.0  # PubMatic: life of a generated access token
    token_generations_max: int = 200  # PubMatic: more than this in 20 minutes disables the account
    clock_tolerance_s: float = 300.0  # Mintegral: how far the timestamp header may be off
    update_lock_s: float = 12 * 3600.0  # Mintegral: no update so soon after creation or the last change
    presign_ttl_s: int = 300  # Mintegral: life of an upload URL
    uploads_required: bool = False  # Mintegral: data_path must name a file that was uploaded here
    unique_names: bool = False  # Mintegral: a ta_name can be taken; only the text of the refusal tells
    newer_device_types: bool = False  # Mintegral: also accept 12 and 13, as newer documents number IDFV

    def __post_init__(self) -> None:
        for name in ("error_rate", "timeout_after_commit_rate"):
            if not 0 <= getattr(self, name) <= 1:
                raise UnusableError(f"{name} is a share between 0 and 1")
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "seed" and isinstance(value, (int, float)) and not 0 <= value <= _LARGEST:
                raise UnusableError(f"{field.name} is a number from 0 to {_LARGEST}")
        if self.page_size_max < 1:
            raise UnusableError("page_size_max is at least 1")
        if self.refusal_status not in _REFUSAL_STATUSES:
            raise UnusableError("refusal_status is 200, or from 400 to 499")
        parse_rates(self.rate_limit)

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """A copy with these options; UnusableError names one that does not exist or take the value."""
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        for name in changes:
            if name not in kinds:
                raise UnusableError(f"{name!r} is no option; there are {', '.join(kinds)}")
        return replace(self, **{name: _read(name, kinds[name], value) for name, value in changes.items()})


def _read(name: str, kind: type, value: Any) -> Any:
    wanted = (int, float) if kind is float else str if issubclass(kind, str) else kind
    if not isinstance(value, wanted) or isinstance(value, bool) is not (kind is bool):
        raise UnusableError(f"{name} takes {kind.__name__}")
    try:
        return kind(value)
    except (ValueError, OverflowError) as wrong:
        known = f"one of {', '.join(kind)}" if issubclass(kind, StrEnum) else kind.__name__
        raise UnusableError(f"{name} takes {known}") from wrong
