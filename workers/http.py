"""How does an adapter talk to its provider? One call an attempt: requests, answers, transport errors as outcomes."""

from __future__ import annotations

import json
import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx

from workers.exchange import Exchange
from workers.files import Files
from workers.http_request import Request, address_of
from workers.http_transport import exchange
from workers.lanes.tokens import SharedTokens
from workers.outcome import AttemptEnded, Outcome, Postponed, Said, Unavailable, Unknown

# Where each of httpx's transport errors leaves the request. Not listed: it may have been applied.
SURELY_NOT_SENT: tuple[type[httpx.RequestError], ...] = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
MAY_HAVE_ARRIVED: tuple[type[httpx.RequestError], ...] = (
    httpx.ReadTimeout,
    httpx.WriteTimeout,
    httpx.ReadError,
    httpx.WriteError,
    httpx.CloseError,
    httpx.RemoteProtocolError,
    httpx.LocalProtocolError,
    httpx.DecodingError,
    httpx.TooManyRedirects,
)
_NOT_SENT: tuple[type[Exception], ...] = (*SURELY_NOT_SENT, httpx.InvalidURL)


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, read whole. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    json: Any = field(init=False, repr=False, compare=False)
    """The body as JSON; None where it is not JSON (no provider answers a bare ``null``).

    Nor is it where an event could not carry it: NaN, a number beyond all bounds, half a surrogate pair.
    """

    def __post_init__(self) -> None:
        object.__setattr__(self, "json", _json(self.body))  # read once; a cached_property has one lock for all threads

    @property
    def is_success(self) -> bool:
        """Whether its status is one of success (RFC 9110, 15.3)."""
        return httpx.codes.is_success(self.status)

    def retry_after_s(self) -> float | None:
        """``Retry-After`` in seconds from now, given as seconds or as a date (RFC 9110, 10.2.3)."""
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return float(text[:9])
        try:
            until = parsedate_to_datetime(text)
            sent = parsedate_to_datetime(self.headers["date"]) if "date" in self.headers else datetime.now(UTC)
            return max(0.0, (until - sent).total_seconds())
        except (ValueError, TypeError, OverflowError):
            return None


Permit = Callable[[bool], None]
"""Waits for the right to send one request now; told whether it changes something. Raises ``AttemptEnded``, or
``NotYet`` where it would have to wait for long."""


class NotYet(Exception):  # noqa: N818 - not an error
    """No permit for a while: the request is built anew then, with a fresh signature."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


class Notes(Protocol):
    """What an attempt writes into its job's state."""

    known: dict[str, Any]
    """What earlier attempts kept, JSON values by name."""

    def keep(self, name: str, value: Any) -> None:
        """Write a JSON value down for the job's later attempts. No secret, and no device ID."""

    def progress(self, said: str) -> None:
        """Say how far the job is. To be called at least every few seconds by work that takes long."""


A_MOMENT_S = 0.5
EXCHANGES_KEPT = 5
LONGEST_WAIT_S = 5.0  # then it is asked again, since the worker may be about to end


@dataclass
class Call:
    """One attempt's way to its provider. Every request spends a permit."""

    account: Any
    """The account's settings, of the provider's own account model."""
    base_url: str
    permit: Permit
    notes: Notes
    tokens: SharedTokens
    files: Files
    """What jobs may name as a file."""
    deadline_s: float
    """How long one request may take, from connecting to the last byte of its answer."""
    max_answer_bytes: int
    ended: Callable[[Exchange], None]
    """Told of each request once it has ended."""
    secrets: set[str] = field(default_factory=set, init=False)
    """Values that must never be shown; an adapter adds each one it reads."""
    sent: int = field(default=0, init=False)
    """Requests that were let go so far."""
    exchanges: deque[Exchange] = field(default_factory=lambda: deque(maxlen=EXCHANGES_KEPT), init=False)
    """The last requests and their answers, with whatever secrets they carried."""
    _may_end_at: int = field(default=0, init=False)

    def may_end_here(self) -> None:
        """Say that a later attempt goes on from here at no loss: what was found out so far stands in the job's state.

        A long wait for the next permit then ends the attempt, rather than hold its thread.
        """
        self._may_end_at = self.sent

    def request(
        self,
        method: str,
        path: str,
        *,
        changes: bool,
        headers: Callable[[], Mapping[str, str]],
        params: Iterable[tuple[str, str]] = (),
        body: Any = None,
    ) -> Answer:
        """Send one request and return its answer, whatever the status.

        ``changes``: it may change something at the provider and is not safe to repeat, so that a lost answer
        ends the attempt as ``Unknown`` and not as ``Unavailable``. ``headers`` is called right before sending, so
        that a signature carries that time; none says where the request goes, or how long it is. ``path`` is quoted,
        begins with a slash and has no query; ``params`` are its names and values. ``body`` is sent as JSON. Raises
        ``AttemptEnded`` when there is no answer, or no permit in time.
        """
        fields = _quoted(tuple(params))
        place = f"{path}?{fields}" if fields else path
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()

        def build() -> Request:
            return Request(
                method, _api_at(self.base_url).below(place), headers(), [content] if content else [], len(content)
            )

        return self._send(build, body, changes=changes)

    def upload(self, method: str, url: str, *, chunks: Callable[[], Iterator[bytes]], size: int) -> Answer:
        """Send ``size`` bytes as they are to an address that the provider gave, and return its answer.

        Safe to repeat: the same bytes at the same place. No header of the provider's API goes along. The deadline
        counts from the last byte that moved. What ``chunks`` raises comes out as it is.
        """
        return self._send(lambda: Request(method, address_of(url), {}, chunks(), size), changes=False, uploads=True)

    def _send(self, build: Callable[[], Request], body: Any = None, *, changes: bool, uploads: bool = False) -> Answer:
        while True:
            try:
                return self._exchange(build(), body, changes=changes, uploads=uploads)
            except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
                raise AttemptEnded(_lost(error, let_go=False, changes=changes)) from error
            except NotYet as later:
                if self.sent == self._may_end_at and later.wait_s > A_MOMENT_S:
                    raise AttemptEnded(Postponed(Said("the lane is limited"))) from later
                time.sleep(min(later.wait_s, LONGEST_WAIT_S))

    def _exchange(self, request: Request, body: Any, *, changes: bool, uploads: bool) -> Answer:
        """Exchange, and tell of it. What got no permit is no request."""
        url = str(request.address)
        its = Exchange(request.method, request.address.host, url.partition("?")[0] if uploads else url, body)

        def let_go() -> None:
            self.permit(changes)
            its.goes()
            self.sent += 1
            self.exchanges.append(its)

        before = self.sent
        try:
            whole = exchange(
                request, let_go, deadline_s=self.deadline_s, max_answer_bytes=self.max_answer_bytes, uploads=uploads
            )
        except httpx.RequestError as error:
            its.ends()
            self.ended(its)
            raise AttemptEnded(_lost(error, let_go=self.sent > before, changes=changes)) from error
        answer = Answer(*whole)
        its.ends(answer.status, answer.body)
        self.ended(its)
        return answer


_api_at = lru_cache(maxsize=64)(address_of)  # one for each provider
_quoted = lru_cache(maxsize=256)(urlencode)  # nearly always those of an account


def _json(body: bytes) -> Any:
    try:
        value = _JSON.decode(body.decode(json.detect_encoding(body)))
        if b"\\" in body or not body.isascii():
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return value


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(digits)
    return value


_JSON = json.JSONDecoder(parse_float=_finite, parse_constant=_finite)


def _lost(error: Exception, *, let_go: bool, changes: bool) -> Outcome:
    if isinstance(error, _NOT_SENT):
        return Unavailable(Said(f"no connection to the provider: {_reason(error)}"))
    if not let_go:
        return Unavailable(Said(f"nothing was sent: {_reason(error)}"))
    said = Said(f"the answer was lost: {_reason(error)}")
    return Unknown(said) if changes else Unavailable(said)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__} ({error})" if str(error) else type(error).__name__
