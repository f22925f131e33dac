"""Which token does a request carry? One for each log-in, shared by all workers, and renewed by one of them at a time.

The way of a token: asked for with user name and password once, then refreshed when it is 55 days old or refused. Every
request for one is claimed first, so that few are sent: more than 200 in 20 minutes disable the account at PubMatic.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

import structlog

from workers.http import Call
from workers.lanes.tokens import Claim
from workers.outcome import AttemptEnded, AuthFailed, Deferred, Said, Throttled, Unavailable
from workers.providers.pubmatic.log_in import LogIn, logged_in, refreshed
from workers.providers.pubmatic.seal import Pair, seal, unseal

DAY_S = 86400.0
# Getting Started with PubMatic APIs: a token lives 60 days, to be refreshed every 55.
LIFE_S, RENEW_AFTER_S = 60 * DAY_S, 55 * DAY_S
# The same page: more than 200 in 20 minutes disable the account. Ours counts refreshes and refused requests too, and
# leaves room for whoever else uses the log-in.
WINDOW_S, REQUESTS_A_WINDOW = 20 * 60.0, 20
LOOK_AGAIN_S = 1.0  # while another worker asks
HOLD_MARGIN_S = 15.0  # over the time of two requests, a refresh and a log-in

_SPENT = (
    f"no token: this log-in asked PubMatic for one {REQUESTS_A_WINDOW} times in {WINDOW_S / 60:g} minutes, and more "
    "than 200 would disable the account; check user_name, password and the user's rights"
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Usable:
    """A token to send. ``number`` counts the log-in's renewals; ``ours``: this attempt has just asked for it."""

    access: str = field(repr=False)
    number: int
    ours: bool = False


def usable(call: Call, who: LogIn, refused: int = 0) -> Usable:
    """The log-in's token; a newer one than number ``refused``, which PubMatic takes no more.

    Raises ``AttemptEnded`` where there is none for now. While the old token lives, no trouble with its renewal
    holds a request up.
    """
    while True:  # again only where another worker was faster, which the guard bounds
        stored = call.tokens.read(who.name)
        pair = _known(call, unseal(stored.value, who.user_name, who.password))
        alive = pair is not None and stored.number > refused and pair.age_s < LIFE_S
        if pair is not None and alive and pair.age_s < RENEW_AFTER_S:
            return Usable(pair.access, stored.number)
        try:
            renewed = _renewed(call, who, stored.number, pair)
        except AttemptEnded as ended:
            if pair is None or not alive or not _is_trouble(ended):
                raise
            return Usable(pair.access, stored.number)
        if renewed is not None:
            return renewed


def rotated(call: Call, who: LogIn, refused: int) -> Usable | None:
    """A newer token than number ``refused`` that somebody else asked for; None where there is none.

    A refresh may end the old token at once, so that a request on its way meets a refusal which says nothing of the
    log-in. Raises ``AttemptEnded(Deferred)`` while another worker asks.
    """
    renewal = _Renewal(call, who, refused)
    try:
        nobody_else = renewal.claim()
    except AttemptEnded as ended:
        if isinstance(ended.outcome, Throttled):
            return None
        raise
    if nobody_else:
        renewal.release(b"")
        return None
    stored = call.tokens.read(who.name)
    pair = _known(call, unseal(stored.value, who.user_name, who.password))
    return None if pair is None else Usable(pair.access, stored.number)


def _is_trouble(ended: AttemptEnded) -> bool:
    """Whether it is about the token; anything else ends the attempt."""
    if isinstance(ended.outcome, Unavailable | AuthFailed):
        log.warning("pubmatic.token_not_renewed", outcome=type(ended.outcome).__name__)
    return isinstance(ended.outcome, Unavailable | AuthFailed | Throttled | Deferred)


def _renewed(call: Call, who: LogIn, number: int, old: Pair | None) -> Usable | None:
    """A new token, stored; None where another worker stored one by now. Raises ``AttemptEnded``."""
    renewal = _Renewal(call, who, number)
    if not renewal.claim():
        return None
    sealed = b""
    try:
        pair = refreshed(call, old) if old is not None and old.refresh else logged_in(call, who)
        if pair is None and renewal.claim():
            pair = logged_in(call, who)
        if pair is None:
            return None
        sealed = seal(pair, who.user_name, who.password)
        return Usable(pair.access, number + 1, ours=True)
    finally:
        renewal.release(sealed)


class _Renewal:
    """The right to ask for the token after ``number``. What dies with it gives way when its time is over."""

    def __init__(self, call: Call, who: LogIn, number: int) -> None:
        self._call, self._who, self._number = call, who, number
        self._by, self._request, self._sent = uuid.uuid4().hex, "", call.sent

    def claim(self) -> bool:
        """Claim one request. False: a newer token is there. Raises ``AttemptEnded``: not now."""
        request = uuid.uuid4().hex
        hold_s = 2 * self._call.deadline_s + HOLD_MARGIN_S
        claimed = self._call.tokens.claim(
            self._who.name, self._number, self._by, request, hold_s, WINDOW_S, REQUESTS_A_WINDOW
        )
        match claimed.claim:
            case Claim.YOURS:
                self._request, self._sent = request, self._call.sent
                return True
            case Claim.NEWER:
                return False
            case Claim.BUSY:
                said = Said("another worker is asking PubMatic for this log-in's token")
                raise AttemptEnded(Deferred(said, min(LOOK_AGAIN_S, claimed.wait_s)))
            case Claim.SPENT:
                raise AttemptEnded(Throttled(Said(_SPENT), claimed.wait_s))

    def release(self, sealed: bytes) -> None:
        """End the claim. A request that never left does not count."""
        unsent = self._request if self._call.sent == self._sent else ""
        self._call.tokens.release(self._who.name, self._by, sealed=sealed, unsent=unsent)


def _known(call: Call, pair: Pair | None) -> Pair | None:
    """The pair, none of which may be shown."""
    if pair is not None:
        call.secrets.update(each for each in (pair.access, pair.refresh, pair.email) if each)
    return pair
