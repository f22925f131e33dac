"""Which faults have a name, so that nobody has to type their bodies.

Each is the fields of a fault; whoever uses one may change any of them. A preset answers as given, to whichever
provider's request meets it: matching is up to the user. What a provider says is from its pages and public
clients as the README's table tells; nobody called it to see.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.faults import Action
from sandbox.pubmatic.errors import SOAP_FAULT

_HTML = {"Content-Type": "text/html; charset=utf-8"}
_XML = {"Content-Type": "application/xml"}
_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_S3_ERROR = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>{0}</Code><Message>{1}</Message></Error>'
_HALF_A_LIST = '[{"id": 475332, "enabled": 1}, {"id": 475333, "enabled": 1,accountId=27332341\n"private": 1}]'


def _answer(status: int, body: Any = "", **more: Any) -> dict[str, Any]:
    return {"action": Action.ANSWER, "status": status, "body": body, **more}


def _done_but(body: Any, status: int = 200, **more: Any) -> dict[str, Any]:
    return _answer(status, body, **more) | {"action": Action.COMMIT_THEN_ANSWER}


def _pubmatic(code: str, text: str) -> list[dict[str, str]]:
    return [{"errorCode": code, "errorMessage": text}]


def _apigee(code: str, text: str) -> dict[str, Any]:
    return {"fault": {"faultstring": text, "detail": {"errorcode": code}}}


def _mintegral(code: int, text: str, data: Any = None) -> dict[str, Any]:
    return {"code": code, "msg": text, "data": data}


_SPIKE = _apigee("policies.ratelimit.SpikeArrestViolation", "Spike arrest violation. Allowed rate : 5ps")
_BAD_APIGEE_TOKEN = _apigee("oauth.v2.InvalidAccessToken", "Invalid access token")

PRESETS: Mapping[str, Mapping[str, Any]] = {
    # of any provider
    "throttled": _answer(429, retry_after_s=2),
    "throttled_date": _answer(429, retry_after_s=2, retry_after="http-date"),
    "unavailable": _answer(503, retry_after_s=2),
    "server_error": _answer(500, _PAGE.format("500 Internal Server Error"), headers=_HTML),
    "html": _answer(502, _PAGE.format("502 Bad Gateway"), headers=_HTML),
    "html_200": _answer(200, _PAGE.format("Please log in"), headers=_HTML),
    "truncated": {"action": Action.COMMIT_THEN_TRUNCATE},
    "half_json": _done_but('{"id": 47'),
    "empty": _done_but(""),
    "no_id": _done_but({}),
    # PubMatic's
    "soap_fault": _answer(500, SOAP_FAULT, headers={"Content-Type": "text/xml; charset=utf-8"}),
    "expired_token_in_200": _answer(200, _pubmatic("access_token_expired", "Access Token expired")),
    "unauthorized_empty": _answer(401),
    "not_authorized": _answer(403, _pubmatic("AUTHZ_FAILED", "Not authorized to access this API")),
    "apigee_401": _answer(401, _BAD_APIGEE_TOKEN),
    "apigee_429": _answer(429, _SPIKE),
    "apigee_500": _answer(500, _SPIKE),
    "invalid_json_list": _answer(200, _HALF_A_LIST),
    # Mintegral's
    "mintegral_10000": _answer(200, _mintegral(10000, "param error")),
    "mintegral_throttled": _answer(200, _mintegral(0, "Rate limit exceeded")),
    "mintegral_token_error": _answer(200, _mintegral(401, "token error")),
    "mintegral_name_exists": _answer(200, _mintegral(10000, "audience name already exists")),
    "mintegral_500": _done_but(_mintegral(500, "system error")),
    "mintegral_201": _done_but(_mintegral(201, "processing")),
    "mintegral_no_id": _done_but(_mintegral(200, "success", "success")),
    # of the storage that takes Mintegral's files
    "s3_expired": _answer(403, _S3_ERROR.format("AccessDenied", "Request has expired"), headers=_XML),
    "s3_slow_down": _answer(503, _S3_ERROR.format("SlowDown", "Please reduce your request rate."), headers=_XML),
}
