"""How does a provider read a secret? At each use, known to the call, and fit for where it goes."""

from __future__ import annotations

from workers.config import Secret
from workers.http import Call
from workers.outcome import AttemptEnded, AuthFailed, Said
from workers.settings import SettingsError


def read_secret(call: Call, secret: Secret, name: str) -> str:
    """A value that goes into a header, added to ``call.secrets``.

    Raises ``AttemptEnded(AuthFailed)`` where it is missing, or holds what no HTTP header can carry: the HTTP
    library would quote such a value, escaped, in its error.
    """
    value = _read(call, secret)
    if not fits_a_header(value):
        raise _unfit(f"the account's {name} holds a character that no HTTP header can carry; was it copied whole?")
    return value


def read_body_secret(call: Call, secret: Secret, name: str) -> str:
    """A value that goes into a body, so that any character will do that UTF-8 can write; else the same."""
    value = _read(call, secret)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _unfit(f"the account's {name} is not UTF-8; write it anew") from error
    return value


def fits_a_header(value: str) -> bool:
    return value.isascii() and value.isprintable() and " " not in value


def _read(call: Call, secret: Secret) -> str:
    try:
        value = secret.read()
    except SettingsError as error:
        raise _unfit(str(error)) from error
    call.secrets.add(value)
    return value


def _unfit(sentence: str) -> AttemptEnded:
    return AttemptEnded(AuthFailed(Said(sentence)))
