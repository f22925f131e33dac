"""What PubMatic's two token calls answer."""

import hmac
from http import HTTPStatus

from sandbox.answers import JSON, Answer, json_answer
from sandbox.behaviour import AuthHeader
from sandbox.calls import Call
from sandbox.pubmatic.errors import error, invalid_token, wrong_media_type
from sandbox.pubmatic.provider import token_of
from sandbox.state import Sandbox


def generate(call: Call, sandbox: Sandbox) -> Answer:
    """Log-in with user name and password."""
    if call.media_type != JSON:
        return wrong_media_type()
    if missing := _missing(call, ("userName", "password", "apiProduct")):
        return missing
    for account, user in sandbox.credentials.pubmatic_users.items():
        if user.user_name == call.json["userName"] and _equal(user.password, call.json["password"]):
            return _fresh_pair(account, sandbox)
    return error(HTTPStatus.UNAUTHORIZED, "AUTH_FAILED", "Invalid user name or password")


def refresh(call: Call, sandbox: Sandbox) -> Answer:
    """Both tokens anew; the previous access token, even an expired one, has to come along as Bearer."""
    if call.media_type != JSON:
        return wrong_media_type()
    if missing := _missing(call, ("email", "apiProduct", "refreshToken")):
        return missing
    pair = sandbox.tokens.by_refresh.get(call.json["refreshToken"])
    if pair is None or token_of(call, AuthHeader.BEARER) != pair.access:
        return invalid_token()
    if sandbox.credentials.pubmatic_users[pair.account].user_name != call.json["email"]:
        return invalid_token()
    sandbox.tokens.revoke(pair)
    return _fresh_pair(pair.account, sandbox)


def _missing(call: Call, names: tuple[str, ...]) -> Answer | None:
    """Unverified: code and text."""
    absent = [name for name in names if not isinstance(call.json.get(name), str) or not call.json[name]]
    text = f"Required: {', '.join(absent)}"
    return error(HTTPStatus.BAD_REQUEST, "VALIDATION_FAILED", text) if absent else None


def _fresh_pair(account: str, sandbox: Sandbox) -> Answer:
    pair = sandbox.tokens.generate(
        account,
        now=sandbox.wall(),
        monotonic=sandbox.monotonic(),
        ttl_s=sandbox.behaviour.token_ttl_s,
        at_most=sandbox.behaviour.token_generations_max,
    )
    if pair is None:
        # Unverified: what a disabled account hears.
        return error(HTTPStatus.UNAUTHORIZED, "AUTH_FAILED", "Account is disabled")
    return json_answer(
        {
            "userEmail": sandbox.credentials.pubmatic_users[account].user_name,
            "tokenType": "Bearer",
            "accessToken": pair.access,
            "refreshToken": pair.refresh,
        }
    )


def _equal(known: str, given: str) -> bool:
    return hmac.compare_digest(known.encode(), given.encode(errors="replace"))
