"""How is a token kept where others can read? Sealed with a key that only who knows the log-in's password has."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from dataclasses import asdict, dataclass, field
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken


@dataclass(frozen=True, slots=True)
class Pair:
    """What a log-in or a refresh gave. ``at`` is when, in seconds since 1970 by the clock of the worker that asked."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    email: str = field(repr=False)
    at: float

    @property
    def age_s(self) -> float:
        return time.time() - self.at


def seal(pair: Pair, user_name: str, password: str) -> bytes:
    """The pair, unreadable without the password."""
    return _fernet(user_name, password).encrypt(json.dumps(asdict(pair)).encode())


def unseal(sealed: bytes, user_name: str, password: str) -> Pair | None:
    """The pair; None where there is none, where another password sealed it, or another release of ours."""
    try:
        return Pair(**json.loads(_fernet(user_name, password).decrypt(sealed))) if sealed else None
    except (InvalidToken, TypeError):
        return None


_deriving = threading.Lock()


def _fernet(user_name: str, password: str) -> Fernet:
    with _deriving:  # one at a time: 64 threads that derive at once would take 1 GiB
        return _derived(user_name, password)


@lru_cache(maxsize=1024)
def _derived(user_name: str, password: str) -> Fernet:
    # RFC 7914's scrypt, at the strength that OWASP's Password Storage Cheat Sheet asks for, with 16 MiB: some 0.2 s.
    key = hashlib.scrypt(password.encode(), salt=user_name.encode(), n=2**14, r=8, p=5, dklen=32)
    return Fernet(base64.urlsafe_b64encode(key))
