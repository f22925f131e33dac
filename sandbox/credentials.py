"""Which credentials the sandbox accepts.

They open nothing but a sandbox, so they stand here in the clear for the demo, the tests and whoever tries it
out.
"""

from dataclasses import dataclass, field
from typing import NamedTuple


class User(NamedTuple):
    """A PubMatic log-in; `user_name` is also the e-mail that a refresh names."""

    user_name: str
    password: str


class Keys(NamedTuple):
    """A Mintegral account's two keys. The API key never travels."""

    access_key: str
    api_key: str


# Known to the provider, but without the right to the Audience API: AUTHZ_FAILED, "permission denied".
UNSUBSCRIBED = "unsubscribed"

PUBMATIC_TOKENS = {
    "acme": "sandbox-pubmatic-token-acme",
    "globex": "sandbox-pubmatic-token-globex",
    "initech": "sandbox-pubmatic-token-initech",
    UNSUBSCRIBED: "sandbox-pubmatic-token-unsubscribed",
}

PUBMATIC_USERS = {
    "acme": User("acme@sandbox.example", "sandbox-pubmatic-password-acme"),
    "globex": User("globex@sandbox.example", "sandbox-pubmatic-password-globex"),
    "initech": User("initech@sandbox.example", "sandbox-pubmatic-password-initech"),
}

MINTEGRAL_KEYS = {
    "acme": Keys("sandbox-mintegral-access-acme", "sandbox-mintegral-api-key-acme"),
    "globex": Keys("sandbox-mintegral-access-globex", "sandbox-mintegral-api-key-globex"),
    "initech": Keys("sandbox-mintegral-access-initech", "sandbox-mintegral-api-key-initech"),
    UNSUBSCRIBED: Keys("sandbox-mintegral-access-unsubscribed", "sandbox-mintegral-api-key-unsubscribed"),
}


@dataclass(slots=True)
class Credentials:
    """The accepted ones, by account name; any may be added while the sandbox runs."""

    pubmatic_tokens: dict[str, str] = field(default_factory=lambda: dict(PUBMATIC_TOKENS))
    pubmatic_users: dict[str, User] = field(default_factory=lambda: dict(PUBMATIC_USERS))
    mintegral_keys: dict[str, Keys] = field(default_factory=lambda: dict(MINTEGRAL_KEYS))
