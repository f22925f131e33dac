"""What PubMatic says when it says no.

Codes and texts as documented; an error is a JSON array of {errorCode, errorMessage}, several at once.
"""

from collections.abc import Sequence
from http import HTTPStatus

from sandbox.answers import Answer, json_answer, text_answer
from sandbox.behaviour import ExpiredToken, PubmaticThrottle
from sandbox.calls import Call
from sandbox.state import Sandbox


def _text(what: str, longest: int = 0) -> str:
    """The page's wording, apostrophe included. It differs by section: match the codes."""
    limit = f" It's length shouldn't be more than {longest} characters." if longest else ""
    return f"Please provide a valid {what}.{limit}"


TEXTS = {
    "AUD01_0003": "Please provide an audience.",
    "AUD01_0004": _text("account ID or data provider client ID"),
    "AUD01_0005": _text("data provider ID"),
    "AUD01_0008": _text("audience name", 256),
    "AUD01_0009": _text("audience description", 1024),
    "AUD01_0010": _text("provider audience ID", 256),
    "AUD01_0011": _text("audience definition", 1024),
    "AUD01_0012": _text("transfer code", 256),
    "AUD01_0013": "Data Provider is not associated with Publisher.",
    "AUD01_0014": "Audience already exists.",
    "AUD01_0026": _text("client ID", 1024),
    "AUD01_0031": "Data Provider is not associated with data provider client.",
    "AUD01_0034": "Query validation failed.",
    "AUD01_0035": "Audience with same name already present. Please use different name.",
    "AUD01_0036": _text("account ID"),
    "AUD01_0037": _text("account type ID"),
    "AUD01_0153": "Price cannot be negative",
    "CC03_0001": "No records found.",
}

_EXPIRED = ("access_token_expired", "Access Token expired")

SOAP_FAULT = """<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault>\
<faultcode>soap:Server</faultcode><faultstring>This is an invalid api.</faultstring>\
<detail><source><errorcode>ClassificationFailure</errorcode></source></detail>\
</soap:Fault></soap:Body></soap:Envelope>"""


def refused(codes: Sequence[str], sandbox: Sandbox) -> Answer:
    """Status 400 is unverified: the page names none, the provider's general one says 400 for validation."""
    value = [{"errorCode": code, "errorMessage": TEXTS[code]} for code in codes]
    return json_answer(value, sandbox.behaviour.refusal_status)


def error(status: HTTPStatus, code: str, text: str) -> Answer:
    return json_answer([{"errorCode": code, "errorMessage": text}], status)


def invalid_token() -> Answer:
    return error(HTTPStatus.UNAUTHORIZED, "AUTH_FAILED", "Invalid Token Provided")


def expired_token(sandbox: Sandbox) -> Answer:
    """In each form that public clients have met; the choice of 401 for the usual one is unverified."""
    match sandbox.behaviour.expired_token:
        case ExpiredToken.EMPTY:
            return text_answer("", HTTPStatus.UNAUTHORIZED)
        case ExpiredToken.APIGEE:
            return _apigee_fault(HTTPStatus.UNAUTHORIZED, "oauth.v2.InvalidAccessToken", "Invalid access token")
        case ExpiredToken.IN_200:
            return error(HTTPStatus.OK, *_EXPIRED)
        case ExpiredToken.UNAUTHORIZED:
            return error(HTTPStatus.UNAUTHORIZED, *_EXPIRED)


def invalid_api(_call: Call, _sandbox: Sandbox) -> Answer:
    """A wrong path: observed on the real host as HTTP 500 with an XML fault."""
    return text_answer(SOAP_FAULT, HTTPStatus.INTERNAL_SERVER_ERROR, "text/xml; charset=utf-8")


def wrong_method(_call: Call, _sandbox: Sandbox) -> Answer:
    """405 is on the provider's status page; its body is unverified."""
    return error(HTTPStatus.METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "Method not allowed")


def wrong_media_type() -> Answer:
    """415 is on the provider's status page; its body is unverified."""
    return error(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", "Content-Type must be application/json")


def throttled(sandbox: Sandbox) -> Answer:
    """Unverified throughout: no limit is documented. The Apigee forms are that gateway's own."""
    style = sandbox.behaviour.pubmatic_throttle
    if style is PubmaticThrottle.PLAIN:
        return error(HTTPStatus.TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS", "Too many requests")
    status = HTTPStatus.INTERNAL_SERVER_ERROR if style is PubmaticThrottle.APIGEE_500 else HTTPStatus.TOO_MANY_REQUESTS
    text = "Rate limit quota violation. Quota limit exceeded."
    return _apigee_fault(status, "policies.ratelimit.QuotaViolation", text)


def _apigee_fault(status: HTTPStatus, code: str, text: str) -> Answer:
    return json_answer({"fault": {"faultstring": text, "detail": {"errorcode": code}}}, status)


# 413 is on the provider's status page, and so is 500 as its own trouble; the bodies are unverified.
TOO_LARGE = error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "REQUEST_TOO_LARGE", "Request entity too large")
BROKEN = error(HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "Please contact support")
