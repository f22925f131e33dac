"""What does Mintegral's no mean? The tables of its codes and texts, and where in an answer they stand.

Success is ``code`` 200 in the body (Create Audience, 2025-07-29). The error codes stand in an article that is
not public, so that a code leads where it is known, and the text decides where it is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from workers.http import Answer
from workers.outcome import Said
from workers.providers.answers import STATUSES, Means, Refusal, by_status, unclear

SUCCESS = "200"

CODES: Mapping[str, Means] = {
    # Unverified: codes that repeat an HTTP status, read as that status is.
    "401": Means.AUTH,
    "403": Means.FORBIDDEN,
    "429": Means.THROTTLED,
    # "Still generating": known of reports only; a create that is answered so may have been applied.
    "201": Means.FAILED,
    "202": Means.FAILED,
}

# Unverified, all of them: signs seen in clients and help pages, words of their kind, and their likely Chinese. The
# first that matches leads.
TEXTS: Mapping[str, Means] = {
    # Of a parameter, even if it is called like a credential: those are never left out.
    r"\b(?:is|are) (?:required|missing)\b|missing (?:required )?param|不能为空|缺少": Means.REJECTED,
    r"rate.?limit|too (?:frequent|often|fast|many (?:requests|calls))|throttl|\bqps\b|频繁|限流": Means.THROTTLED,
    r"(?:name|audience)\b.*\b(?<!not )(?<!n't )exists?\b|already (?:exists?|in use|used|taken)"
    r"|\bname\b.*\b(?:taken|in use|repeated)\b|duplicated?\b|已存在|重复|重名": Means.EXISTS,
    r"\btoken\b|(?:access|api).?key|\btimestamp\b|\bsign(?:ature)?\b|unauthori[sz]ed|authenticat|credential"
    r"|permission denied|no permission|\blog.?in\b|令牌|签名|登录|权限": Means.AUTH,
}

CODE_CLASSES: Mapping[str, Means] = {
    # A code of no row above, without a telling text.
    "10000": Means.REJECTED,  # a required parameter is missing, with HTTP 200 (Go SDK, 2026-08-12); else unverified
    "5xx": Means.FAILED,  # the server failed while it handled the request
    "*": Means.REJECTED,
}

EARLY = re.compile(
    r"\bhours?\b|\b12 ?h?\b|twelve|frequen|often|too (?:soon|early)|\blater\b|recent|\bonce\b|within|interval|period"
    r"|\bwait\b|\btimes?\b|\bday\b|locked|publish|process|in progress|cool|not allowed|can ?not be|can't be"
    r"|小时|半天|频繁|过快|太快|重复提交|稍后|间隔|不足|限制|发布|同步|处理中",
    re.IGNORECASE,
)
"""Unverified: words of an update that is refused within 12 hours of the last change. Its code and text are unknown.
Wide on purpose: they only lead to a look at the audience's own time of change (twelve_hours.py), and while that is too
near no update can succeed, whatever else may be wrong with it."""
NOT_EARLY = re.compile(
    r"not exist|n't exist|not found|\bis (?:required|invalid)|empty|不存在|不能为空|缺少", re.IGNORECASE
)
"""Unverified: words of an update that is refused for what it asks."""
EXPLAINED = re.compile(
    r"\binvalid|illegal|incorrect|\bwrong\b|not support|unsupported|\bformat\b|\bparam|too (?:long|large|many)"
    r"|无效|非法|错误|格式|参数|不支持|过长|过大",
    re.IGNORECASE,
)
"""Unverified: words that say what is wrong with a request. A refusal by an unknown code and without them is taken for
the twelve hours' where the audience is that young."""

ROWS = frozenset(
    [f"code {code}" for code in (*CODES, *CODE_CLASSES)]
    + [f"text {pattern}" for pattern in TEXTS]
    + [f"status {status}" for status in STATUSES]
)

_SHOWN = 500  # characters of details that are no sentence


def refused(answer: Answer, sent: Iterable[str] = ()) -> Refusal | None:
    """The refusal in an answer; None where both the status and the code say success.

    ``sent`` are the texts of the request: an answer may quote them, and they must not be read as a sign.
    """
    code, text = _code(answer.json), _text(answer.json)
    if code == SUCCESS and answer.is_success:
        return None
    if code is None and answer.is_success:
        return unclear(answer, "Mintegral answered without a code")
    row, means = _row(code, _without(sent, text), answer.status)
    by_itself = f"Mintegral answered {f'HTTP {answer.status}' if code in (None, SUCCESS) else f'code {code}'}"
    return Refusal(row, means, Said(text or by_itself, code, answer.status))


def _row(code: str | None, text: str, status: int) -> tuple[str, Means]:
    if code is not None and code in CODES:
        return f"code {code}", CODES[code]
    if str(status) in STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:  # a failed server's words prove nothing
        return by_status(status)
    for pattern, means in TEXTS.items():
        if re.search(pattern, text, re.IGNORECASE):
            return f"text {pattern}", means
    if code is None or code == SUCCESS:
        return by_status(status)
    row = code if code in CODE_CLASSES else "5xx" if re.fullmatch("5[0-9]{2}", code) else "*"
    return f"code {row}", CODE_CLASSES[row]


def _code(body: Any) -> str | None:
    """The code as text: clients met it as a number and as a string, and JSON's 200.0 is the number 200."""
    code = body.get("code") if isinstance(body, dict) else None
    if isinstance(code, bool) or not isinstance(code, int | float | str):
        return None
    whole = re.fullmatch(r"\s*(-?[0-9]{1,18})(?:\.0+)?\s*", str(code))
    return whole[1] if whole else str(code).strip()[:64] or None


def _text(body: Any) -> str:
    """The sentence: ``msg`` in the table, ``message`` in the example, and ``data`` may hold details."""
    if not isinstance(body, dict):
        return ""
    said = [body.get(name) for name in ("msg", "message", "data")]
    texts = [each.strip() for each in said if isinstance(each, str) and each.strip()]
    if not texts and isinstance(body.get("data"), dict | list) and body["data"]:
        return json.dumps(body["data"], ensure_ascii=False)[:_SHOWN]
    return "; ".join(dict.fromkeys(texts))


def _without(sent: Iterable[str], text: str) -> str:
    """The text without what the request itself named, where it stands as a word of its own."""
    for each in sorted(filter(None, sent), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(each)}(?!\w)", "", text)
    return text
