"""How Mintegral wraps what it says.

`{code, msg|message, data}`, where 200 alone is success and the HTTP status says nothing. Its tables name the
text `msg`, its audience samples `message`: here audience calls say `message` and the others `msg`, so that a
client meets both.
"""

from http import HTTPStatus
from typing import Any

from sandbox.answers import Answer, json_answer
from sandbox.behaviour import MintegralThrottle
from sandbox.calls import Call
from sandbox.state import Sandbox

SUCCESS = 200
BAD_PARAMETER = 10000  # seen by a public client with HTTP 200 for a missing parameter; for the rest unverified
BAD_TOKEN = 401  # unverified; a sibling API's code
NO_PERMISSION = 403  # unverified; a sibling API's code
TOO_FREQUENT = 0  # unverified; a sibling API uses it for bad parameters too, so only the text tells


def audience_answer(data: Any, *, applied: str | None = None) -> Answer:
    return json_answer({"code": SUCCESS, "message": "success", "data": data}, applied=applied)


def audience_refusal(message: str) -> Answer:
    return json_answer({"code": BAD_PARAMETER, "message": message, "data": None})


def answer(data: Any, *, code: int = SUCCESS, text: str = "success", status: int = HTTPStatus.OK) -> Answer:
    return json_answer({"code": code, "msg": text, "data": data}, status)


def throttled(sandbox: Sandbox) -> Answer:
    """Unverified throughout: no limit is documented."""
    by_status = sandbox.behaviour.mintegral_throttle is MintegralThrottle.HTTP
    status = HTTPStatus.TOO_MANY_REQUESTS if by_status else HTTPStatus.OK
    return answer(None, code=status if by_status else TOO_FREQUENT, text="Rate limit exceeded", status=status)


def no_such_path(_call: Call, _sandbox: Sandbox) -> Answer:
    """Unverified."""
    return answer(None, code=404, text="not found", status=HTTPStatus.NOT_FOUND)


def wrong_method(_call: Call, _sandbox: Sandbox) -> Answer:
    """Unverified."""
    return answer(None, code=405, text="method not allowed", status=HTTPStatus.METHOD_NOT_ALLOWED)


# Unverified, both.
TOO_LARGE = answer(None, code=413, text="request body is too large", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
BROKEN = answer(None, code=500, text="system error", status=HTTPStatus.INTERNAL_SERVER_ERROR)
