"""Who is calling Mintegral, and whether they may."""

import hashlib
import hmac
from functools import wraps

from sandbox.answers import Answer
from sandbox.calls import Call
from sandbox.credentials import UNSUBSCRIBED
from sandbox.mintegral.disguise import disguised
from sandbox.mintegral.envelope import BAD_TOKEN, BROKEN, NO_PERMISSION, TOO_LARGE, answer, throttled
from sandbox.provider import Operation, Provider
from sandbox.state import Sandbox

_MAX_DIGITS = 12


def token_for(api_key: str, timestamp: str) -> str:
    """The token page's recipe: md5hex(api_key + md5hex(timestamp)), lower-case hex, concatenated."""
    return _md5(api_key + _md5(timestamp))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _account(call: Call, sandbox: Sandbox) -> str:
    given = call.headers.get("access-key", "")
    return next((name for name, keys in sandbox.credentials.mintegral_keys.items() if keys.access_key == given), "")


def _subject(call: Call) -> str:
    name = call.json.get("ta_name") or call.param("ta_name") or call.param("file_name")
    return name if isinstance(name, str) else ""


MINTEGRAL = Provider(
    name="mintegral",
    account=_account,
    subject=_subject,
    throttled=throttled,
    too_large=TOO_LARGE,
    broken=BROKEN,
    disguised=disguised,
)


def guarded(operation: Operation) -> Operation:
    """The operation behind Mintegral's door: access key, timestamp and token. The codes are unverified."""

    @wraps(operation)
    def behind_the_door(call: Call, sandbox: Sandbox) -> Answer:
        wrong = _wrong_with_token(call, sandbox)
        if wrong:
            return answer(None, code=BAD_TOKEN, text=wrong)
        if call.account == UNSUBSCRIBED:
            return answer(None, code=NO_PERMISSION, text="permission denied")
        return operation(call, sandbox)

    return behind_the_door


def _wrong_with_token(call: Call, sandbox: Sandbox) -> str | None:
    if not call.account:
        return "access key is invalid"
    stamp = call.headers.get("timestamp", "")
    if not (stamp.isascii() and stamp.isdecimal()) or len(stamp) > _MAX_DIGITS:
        return "timestamp is invalid"
    # The tolerance is unverified: the publishers' API of the same house says 300 s. Milliseconds fail it by
    # far.
    if abs(sandbox.wall() - int(stamp)) > sandbox.behaviour.clock_tolerance_s:
        return "timestamp is expired"
    expected = token_for(sandbox.credentials.mintegral_keys[call.account].api_key, stamp)
    return None if hmac.compare_digest(expected.encode(), call.headers.get("token", "").encode()) else "token error"
