"""How is a request to Mintegral signed? By a token of the API key and the time of sending."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping

from workers.http import Call
from workers.providers.credentials import read_secret


def token(api_key: str, timestamp: int) -> str:
    """``md5(api_key + md5(timestamp))`` in lower-case hex, of whole seconds (Token page, 2025-12-05)."""
    return _md5(api_key + _md5(str(timestamp)))


def signed(call: Call) -> Callable[[], Mapping[str, str]]:
    """The headers of one request, signed when they are asked for.

    Raises ``AttemptEnded(AuthFailed)`` where a key is missing.
    """
    access_key = read_secret(call, call.account.access_key, "access_key")
    api_key = read_secret(call, call.account.api_key, "api_key")

    def headers() -> Mapping[str, str]:
        now = int(time.time())  # read once: two readings that straddle a second make a token error
        signature = token(api_key, now)
        call.secrets.add(signature)
        return {
            "access-key": access_key,
            "token": signature,
            "timestamp": str(now),
            "Content-Type": "application/json",
        }

    return headers


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
