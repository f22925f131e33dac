"""Who logs in at PubMatic, and what do its two token calls say?

Getting Started with PubMatic APIs (community.pubmatic.com, last public form) and public clients, 2026-08; nothing of
it was called live. The calls change nothing of a job's, and so a lost answer is ``Unavailable``.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from workers.http import Answer, Call
from workers.outcome import AttemptEnded, AuthFailed, Said
from workers.providers.answers import Means, Refusal, outcome, unclear
from workers.providers.credentials import fits_a_header, read_body_secret
from workers.providers.pubmatic.errors import refused
from workers.providers.pubmatic.seal import Pair

TOKEN = "/developer-integrations/developer/token"  # noqa: S105 - a path
REFRESH = "/developer-integrations/developer/refreshToken"
API_PRODUCT = "PUBLISHER"  # the only one that any source names

_PATIENCE = (Means.FAILED, Means.THROTTLED)


@dataclass(frozen=True, slots=True)
class LogIn:
    """A user of PubMatic. ``name`` stands for it where its tokens are shared, and gives nothing away."""

    user_name: str = field(repr=False)
    password: str = field(repr=False)
    name: str

    @classmethod
    def of(cls, call: Call) -> LogIn:
        """The account's own. Raises ``AttemptEnded(AuthFailed)`` where a secret is missing."""
        user_name = read_body_secret(call, call.account.user_name, "user_name")
        password = read_body_secret(call, call.account.password, "password")
        digest = hashlib.sha256(f"{call.base_url.rstrip('/')}\n{user_name}".encode())
        return cls(user_name, password, digest.hexdigest())


def logged_in(call: Call, who: LogIn) -> Pair:
    """The tokens for user name and password. Raises ``AttemptEnded``."""
    body = {"userName": who.user_name, "password": who.password, "apiProduct": API_PRODUCT}
    answer = _ask(call, "POST", TOKEN, body, {})
    if (refusal := refused(answer)) is None:
        return _pair(call, answer, Pair("", "", who.user_name, time.time()))
    if refusal.means in _PATIENCE:
        raise AttemptEnded(outcome(refusal, answer, changes=False))
    raise AttemptEnded(AuthFailed(_said(refusal)))


def refreshed(call: Call, old: Pair) -> Pair | None:
    """Both tokens anew; None where PubMatic refuses the old ones. Raises ``AttemptEnded``."""
    body = {"email": old.email, "apiProduct": API_PRODUCT, "refreshToken": old.refresh}
    answer = _ask(call, "PUT", REFRESH, body, {"Authorization": f"Bearer {old.access}"})
    if (refusal := refused(answer)) is None:
        return _pair(call, answer, old)
    if refusal.means in _PATIENCE:
        raise AttemptEnded(outcome(refusal, answer, changes=False))
    return None


def _ask(
    call: Call, method: Literal["POST", "PUT"], path: str, body: Mapping[str, str], headers: Mapping[str, str]
) -> Answer:
    all_headers = {**headers, "Content-Type": "application/json"}
    return call.request(method, path, changes=False, headers=lambda: all_headers, body=body)


def _pair(call: Call, answer: Answer, old: Pair) -> Pair:
    """The tokens of an answer; of ``old`` what it does not name: one public client keeps its refresh token."""
    said: Mapping[str, Any] = answer.json if isinstance(answer.json, dict) else {}
    access, refresh, email = said.get("accessToken"), said.get("refreshToken"), said.get("userEmail")
    call.secrets.update(each for each in (access, refresh, email) if isinstance(each, str) and each)
    if not isinstance(access, str) or not access or not fits_a_header(access):
        sentence = "PubMatic answered the token call without a token that can be used"
        raise AttemptEnded(outcome(unclear(answer, sentence), answer, changes=False))
    return Pair(
        access=access,
        refresh=refresh if isinstance(refresh, str) and refresh else old.refresh,
        email=email if isinstance(email, str) and email else old.email,
        at=time.time(),
    )


def _said(refusal: Refusal) -> Said:
    sentence = f"PubMatic refuses the log-in: check the account's user_name and password ({refusal.said.message})"
    return Said(sentence, refusal.said.code, refusal.said.http_status)
