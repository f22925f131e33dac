"""What does Mintegral's no mean? The tables of its codes and texts, and where in an answer they stand.

Success is ``code`` 200 in the body (Create Audience, 2025-07-29). The error codes stand in an article that is
not public, so that a code leads where it is known, and the text decides where it is not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from workers.http import Answer
from workers.outcome import Said
from workers.providers.answers import STATUSES, Means, Refusal, by_status, unclear

SUCCESS = "200"

CODES: Mapping[str, Means] = {
    "10000": Means.REJECTED,  # a required parameter is missing; HTTP 200 (Go SDK, 2026-08-12)
    # Unverified: codes that repeat an HTTP status, read as that status is.
    "401": Means.AUTH,
    "403": Means.AUTH,
    "429": Means.THROTTLED,
    # "Still generating": known of reports only; a create that is answered so may have been applied.
    "201": Means.FAILED,
    "202": Means.FAILED,
}

# Unverified, all of them: signs seen in clients and help pages. The first that matches leads.
TEXTS: Mapping[str, Means] = {
    r"rate.?limit|too (?:frequent|many requests)": Means.THROTTLED,
    r"(?:name|audience)\b.*\b(?<!not )exists?\b|already exists?|duplicated?\b": Means.EXISTS,
    r"\btoken\b|access.?key|\btimestamp\b|permission denied|no permission|\blog.?in\b": Means.AUTH,
}

CODE_CLASSES: Mapping[str, Means] = {
    # A code of no row above, without a telling text.
    "5xx": Means.FAILED,  # the server failed while it handled the request
    "*": Means.REJECTED,
}

ROWS = frozenset(
    [f"code {code}" for code in (*CODES, *CODE_CLASSES)]
    + [f"text {pattern}" for pattern in TEXTS]
    + [f"status {status}" for status in STATUSES]
)


def refused(answer: Answer, sent_name: str = "") -> Refusal | None:
    """The refusal in an answer; None where both the status and the code say success.

    ``sent_name`` is what the request named: an answer may quote it, and it must not be read as a sign.
    """
    succeeded = 200 <= answer.status < 300  # noqa: PLR2004 - RFC 9110, 15.3
    code, text = _code(answer.json), _text(answer.json)
    if code == SUCCESS and succeeded:
        return None
    if code is None and succeeded:
        return unclear(answer, "Mintegral answered without a code")
    if code is None or code == SUCCESS:
        row, means = by_status(answer.status)
        return Refusal(row, means, Said(text or f"Mintegral answered HTTP {answer.status}", code, answer.status))
    row, means = _by_envelope(code, text.replace(sent_name, "") if sent_name else text, answer.status)
    return Refusal(row, means, Said(text or f"Mintegral answered code {code}", code, answer.status))


def _by_envelope(code: str, text: str, status: int) -> tuple[str, Means]:
    if code in CODES:
        return f"code {code}", CODES[code]
    if str(status) in STATUSES or status >= 500:  # noqa: PLR2004 - a failed server's words prove nothing
        return by_status(status)
    for pattern, means in TEXTS.items():
        if re.search(pattern, text, re.IGNORECASE):
            return f"text {pattern}", means
    row = "5xx" if re.fullmatch("5[0-9]{2}", code) else "*"
    return f"code {row}", CODE_CLASSES[row]


def _code(body: Any) -> str | None:
    """The code as text, because clients met it as a number and as a string."""
    code = body.get("code") if isinstance(body, dict) else None
    return str(code) if isinstance(code, int | str) and not isinstance(code, bool) else None


def _text(body: Any) -> str:
    """The sentence: ``msg`` in the table, ``message`` in the example, and ``data`` may hold details."""
    if not isinstance(body, dict):
        return ""
    said = [body.get(name) for name in ("msg", "message", "data")]
    return "; ".join(dict.fromkeys(each.strip() for each in said if isinstance(each, str) and each.strip()))
