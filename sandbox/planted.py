"""What control requests put into the sandbox without a provider call: audiences, credentials."""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.credentials import Keys, User
from sandbox.mintegral import audience_calls as mintegral
from sandbox.pubmatic import registration as pubmatic
from sandbox.pubmatic import shapes
from sandbox.refusals import UnusableError
from sandbox.state import Sandbox
from sandbox.untrusted_json import is_duration, is_whole

COUNT_MAX = 1_000_000


def plant(value: Mapping[str, Any], sandbox: Sandbox) -> list[str]:
    """`{"provider", "audience": <the provider's create payload>}` -> the new ids.

    With `count` N there are N of them: name (and providerAudienceId) get the suffixes -1 to -N. `account` is
    whose credential they count as made with (default "preset"; Mintegral shows an account only its own).
    `age_s` makes them that many seconds old, so an update lock or a read-after-write lag is over.
    """
    count, age_s, account = value.get("count"), value.get("age_s", 0), value.get("account", "preset")
    if not (count is None or (is_whole(count) and 0 < count <= COUNT_MAX)):
        raise UnusableError(f"count is a number from 1 to {COUNT_MAX}")
    if not is_duration(age_s) or not isinstance(account, str):
        raise UnusableError("age_s is a number of seconds, not negative, account a name")
    payload = value.get("audience")
    if not isinstance(payload, dict):
        raise UnusableError("audience is the payload of a create call")
    match value.get("provider"):
        case "pubmatic":
            names = ("name", "providerAudienceId") if payload.get("queryInfix") in (None, "") else ("name",)
            return [_pubmatic(one, account, age_s, sandbox) for one in _numbered(payload, names, count)]
        case "mintegral":
            return [_mintegral(one, account, age_s, sandbox) for one in _numbered(payload, ("ta_name",), count)]
        case _:
            raise UnusableError("provider is pubmatic or mintegral")


def every_audience(sandbox: Sandbox, provider: str | None) -> list[dict[str, Any]]:
    """Every audience there is, whoever may see it: `account` names the credential that made it."""
    found: list[dict[str, Any]] = []
    if provider in (None, "pubmatic"):
        found += [
            {
                "provider": "pubmatic",
                "account": one.credential,
                "id": str(one.id),
                "name": one.name,
                "audience": shapes.detailed(one),
            }
            for one in sandbox.pubmatic.by_id.values()
        ]
    if provider in (None, "mintegral"):
        found += [
            {
                "provider": "mintegral",
                "account": one.account,
                "id": str(one.ta_id),
                "name": one.ta_name,
                "audience": mintegral.listed(one) | {"data_path": one.data_path},
            }
            for one in sandbox.mintegral.by_id.values()
        ]
    return found


def add_credentials(value: Mapping[str, Any], sandbox: Sandbox) -> None:
    """Pubmatic: `access_token`, or `user_name` and `password`. Mintegral: `access_key` and `api_key`.

    `{"provider": "pubmatic", "account": …, "expire": true}` lets every token of the account run out.
    """
    provider, account = value.get("provider"), value.get("account")
    if not isinstance(account, str) or not account:
        raise UnusableError("account is a name")
    match provider, value:
        case "pubmatic", {"access_token": str(token)} if token:
            sandbox.tokens.accept(account, token)
        case "pubmatic", {"user_name": str(user_name), "password": str(password)} if user_name and password:
            sandbox.credentials.pubmatic_users[account] = User(user_name, password)
        case "pubmatic", {"expire": True}:
            sandbox.tokens.expire_all(account, sandbox.wall())
        case "mintegral", {"access_key": str(access_key), "api_key": str(api_key)} if access_key and api_key:
            sandbox.credentials.mintegral_keys[account] = Keys(access_key, api_key)
        case _:
            raise UnusableError("give access_token, user_name and password, expire, or access_key and api_key")


def _numbered(payload: dict[str, Any], names: tuple[str, ...], count: int | None) -> Iterator[dict[str, Any]]:
    if count is None:
        yield payload
        return
    for number in range(1, count + 1):
        yield payload | {name: f"{payload.get(name, name)}-{number}" for name in names}


def _pubmatic(payload: dict[str, Any], account: str, age_s: float, sandbox: Sandbox) -> str:
    made = pubmatic.make(payload, account, sandbox)
    if isinstance(made, list):
        raise UnusableError(f"refused: {', '.join(made)}")
    made.created_at -= age_s
    made.modified_at -= age_s
    return str(made.id)


def _mintegral(payload: dict[str, Any], account: str, age_s: float, sandbox: Sandbox) -> str:
    made = mintegral.make(payload, account, sandbox)
    if isinstance(made, str):
        raise UnusableError(f"refused: {made}")
    made.ctime -= age_s
    made.utime -= age_s
    return str(made.ta_id)
