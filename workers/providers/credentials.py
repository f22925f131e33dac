"""How does a provider read a secret? At each use, known to the call, and fit for a header."""

from __future__ import annotations

from workers.config import Secret
from workers.http import Call
from workers.outcome import AttemptEnded, AuthFailed, Said
from workers.settings import SettingsError


def read_secret(call: Call, secret: Secret, name: str) -> str:
    """The secret's value, added to ``call.secrets``.

    Raises ``AttemptEnded(AuthFailed)`` where it is missing, or holds what no HTTP header can carry: the HTTP
    library would quote such a value, escaped, in its error.
    """
    try:
        value = secret.read()
    except SettingsError as error:
        raise AttemptEnded(AuthFailed(Said(str(error)))) from error
    call.secrets.add(value)
    if not value.isascii() or not value.isprintable() or " " in value:
        said = Said(f"the account's {name} holds a character that no HTTP header can carry; was it copied whole?")
        raise AttemptEnded(AuthFailed(said))
    return value
