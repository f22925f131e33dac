"""Who is calling PubMatic, and whether they may."""

from functools import wraps
from http import HTTPStatus

from sandbox.answers import JSON, Answer
from sandbox.behaviour import AuthHeader
from sandbox.calls import Call
from sandbox.credentials import UNSUBSCRIBED
from sandbox.provider import Operation, Provider
from sandbox.pubmatic.disguise import disguised
from sandbox.pubmatic.errors import (
    BROKEN,
    TOO_LARGE,
    error,
    expired_token,
    invalid_token,
    throttled,
    wrong_media_type,
)
from sandbox.state import Sandbox


def token_of(call: Call, taken_from: AuthHeader) -> str:
    """The page sends it bare in `pubToken`; later documents and every public client send a Bearer."""
    own = call.headers.get("pubToken")
    if taken_from is AuthHeader.PUBTOKEN or (own is not None and taken_from is AuthHeader.EITHER):
        return own or ""
    scheme, _, token = call.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _account(call: Call, sandbox: Sandbox) -> str:
    return sandbox.tokens.account_of(token_of(call, sandbox.behaviour.auth_header)) or ""


def _subject(call: Call) -> str:
    name = call.json.get("name") or call.param("name") or call.param("providerAudienceId")
    return name if isinstance(name, str) else ""


PUBMATIC = Provider(
    name="pubmatic",
    account=_account,
    subject=_subject,
    throttled=throttled,
    too_large=TOO_LARGE,
    broken=BROKEN,
    disguised=disguised,
)


def guarded(operation: Operation) -> Operation:
    """The operation behind PubMatic's door: token, right to the API, media type (also on GET)."""

    @wraps(operation)
    def behind_the_door(call: Call, sandbox: Sandbox) -> Answer:
        return _refusal(call, sandbox) or operation(call, sandbox)

    return behind_the_door


def _refusal(call: Call, sandbox: Sandbox) -> Answer | None:
    token = token_of(call, sandbox.behaviour.auth_header)
    if not call.account or sandbox.tokens.is_disabled(call.account):
        return invalid_token()
    if sandbox.tokens.is_expired(token, sandbox.wall()):
        return expired_token(sandbox)
    if call.account == UNSUBSCRIBED:
        return error(HTTPStatus.FORBIDDEN, "AUTHZ_FAILED", "Not authorized to access this API")
    return None if call.media_type == JSON else wrong_media_type()
