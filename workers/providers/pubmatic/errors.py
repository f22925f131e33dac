"""What does PubMatic's no mean? The table of its codes, and where in an answer they stand.

Codes lead, never texts: the sentence of one code differs between PubMatic's own examples. A code leads
over the HTTP status too, because the Audience API page (v34/v35) names no status at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workers.http import Answer
from workers.outcome import Said
from workers.providers.answers import STATUSES, Means, Refusal, by_status, worst

CODES: Mapping[str, Means] = {
    # Audience API page (v34/v35), the error tables of the three calls.
    "AUD01_0003": Means.REJECTED,  # no audience in the request
    "AUD01_0004": Means.REJECTED,  # account id or data provider client id
    "AUD01_0005": Means.REJECTED,  # data provider id
    "AUD01_0008": Means.REJECTED,  # name, more than 256 characters
    "AUD01_0009": Means.REJECTED,  # description, more than 1024
    "AUD01_0010": Means.REJECTED,  # provider audience id, more than 256
    "AUD01_0011": Means.REJECTED,  # definition, more than 1024
    "AUD01_0012": Means.REJECTED,  # transfer code, more than 256
    "AUD01_0013": Means.REJECTED,  # data provider is not associated with the publisher
    "AUD01_0014": Means.EXISTS,
    "AUD01_0026": Means.REJECTED,  # client id, more than 1024
    "AUD01_0031": Means.REJECTED,  # data provider is not associated with the client
    "AUD01_0034": Means.REJECTED,  # queryInfix, or one of its base audiences is not registered
    "AUD01_0035": Means.EXISTS,  # the name is taken; ours only if the look-up finds the same queryInfix
    "AUD01_0036": Means.REJECTED,  # account id
    "AUD01_0037": Means.REJECTED,  # account type
    "AUD01_0153": Means.REJECTED,  # negative price
    "CC03_0001": Means.ABSENT,  # no records found
    # Public PubMatic clients, 2026-08: seen with 401, with other 4xx, and inside a 200.
    "AUTH_FAILED": Means.AUTH,
    "access_token_expired": Means.AUTH,
    "AUTHZ_FAILED": Means.FORBIDDEN,  # the token is good, the account lacks the API's scope
    # A code of no row here in an answer of status 2xx; with another status, that status speaks.
    "*": Means.REJECTED,
}

FAULTS: Mapping[str, Means] = {
    # Apigee on a spike or a used-up quota: HTTP 429 or, on older set-ups, 500 (docs.apigee.com).
    "policies.ratelimit.": Means.THROTTLED,
    # Apigee on the token, all with 401 (its "OAuth HTTP error response reference", 2025-09-04). That PubMatic passes
    # them on is unverified; the last one is about what the token may do, so that another would not help.
    "keymanagement.service.access_token_expired": Means.AUTH,
    "keymanagement.service.invalid_access_token": Means.AUTH,
    "keymanagement.service.InvalidAPICallAsNoApiProductMatchFound": Means.FORBIDDEN,
}

INVALID_API = "soap:Fault invalid api"
"""An address that api.pubmatic.com does not know: HTTP 500 with XML (api-evangelist's probes, 2026-08-13)."""

ROWS = frozenset(
    [f"code {code}" for code in CODES]
    + [f"fault {prefix}" for prefix in FAULTS]
    + [INVALID_API]
    + [f"status {status}" for status in STATUSES]
)


def refused(answer: Answer) -> Refusal | None:
    """The refusal in an answer; None for a status of success without an error in its body."""
    if errors := _errors(answer):
        return worst(errors)
    if answer.is_success:
        return None
    if b":Fault" in answer.body and b"invalid api" in answer.body.lower():  # the prefix before it is free, in XML
        said = Said("PubMatic knows no such address (soap:Fault, invalid api); check base_url", None, answer.status)
        return Refusal(INVALID_API, Means.REJECTED, said)
    row, means = by_status(answer.status)
    return Refusal(row, means, Said(f"PubMatic answered HTTP {answer.status}", None, answer.status))


def _errors(answer: Answer) -> list[Refusal]:
    """Errors are an array of objects; an array of audiences has none. Single objects were seen too."""
    body = answer.json
    found = [each for each in (body if isinstance(body, list) else [body]) if isinstance(each, dict)]
    return [_by_code(each, answer) for each in found if each.get("errorCode")] + [
        _by_fault(each["fault"], answer.status) for each in found if isinstance(each.get("fault"), dict)
    ]


def _by_code(error: Mapping[str, Any], answer: Answer) -> Refusal:
    code = str(error["errorCode"])
    said = Said(str(error.get("errorMessage") or code), code, answer.status)
    if code in CODES:
        return Refusal(f"code {code}", CODES[code], said)
    if answer.is_success:
        return Refusal("code *", CODES["*"], said)
    return Refusal(*by_status(answer.status), said)


def _by_fault(fault: Mapping[str, Any], status: int) -> Refusal:
    detail = fault.get("detail")
    code = str(detail.get("errorcode") or "") if isinstance(detail, dict) else ""
    said = Said(str(fault.get("faultstring") or code or "a fault without a sentence"), code or None, status)
    prefix = next((prefix for prefix in FAULTS if code.startswith(prefix)), None)
    if prefix is not None:
        return Refusal(f"fault {prefix}", FAULTS[prefix], said)
    return Refusal(*by_status(status), said)
