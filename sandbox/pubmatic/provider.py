"""Who is calling PubMatic, and whether they may."""

from functools import wraps
from http import HTTPStatus

from sandbox.answers import JSON, Answer
from sandbox.calls import Call
from sandbox.credentials import UNSUBSCRIBED
from sandbox.exchange import Operation, Provider
from sandbox.pubmatic.errors import error, invalid_token, throttled, wrong_media_type
from sandbox.state import Sandbox


def token_of(call: Call) -> str:
    """The page sends it bare in `pubToken`; later documents and every public client send a Bearer."""
    own = call.headers.get("pubToken")
    if own is not None:
        return own
    scheme, _, token = call.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _account(call: Call, sandbox: Sandbox) -> str:
    return sandbox.tokens.account_of(token_of(call)) or ""


def _subject(call: Call) -> str:
    name = call.json.get("name") or call.param("name") or call.param("providerAudienceId")
    return name if isinstance(name, str) else ""


PUBMATIC = Provider(name="pubmatic", account=_account, subject=_subject, throttled=throttled)


def guarded(operation: Operation) -> Operation:
    """The operation behind PubMatic's door: token, right to the API, media type (also on GET)."""

    @wraps(operation)
    def behind_the_door(call: Call, sandbox: Sandbox) -> Answer:
        return _refusal(call, sandbox) or operation(call, sandbox)

    return behind_the_door


def _refusal(call: Call, sandbox: Sandbox) -> Answer | None:
    token = token_of(call)
    if not call.account or sandbox.tokens.is_disabled(call.account):
        return invalid_token()
    if sandbox.tokens.is_expired(token, sandbox.wall()):
        # Seen in public clients under several statuses; 401 is unverified.
        return error(HTTPStatus.UNAUTHORIZED, "access_token_expired", "Access Token expired")
    if call.account == UNSUBSCRIBED:
        return error(HTTPStatus.FORBIDDEN, "AUTHZ_FAILED", "Not authorized to access this API")
    return None if call.media_type == JSON else wrong_media_type()
