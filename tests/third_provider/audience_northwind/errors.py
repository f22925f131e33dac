"""What does Northwind's no mean? The table of its codes, over the statuses that all providers share."""

from __future__ import annotations

from collections.abc import Mapping

from workers.http import Answer
from workers.outcome import Said
from workers.providers.answers import STATUSES, Means, Refusal, by_status

CODES: Mapping[str, Means] = {
    # Segments API, "Errors" (made up). A real table names the page and its date, or says "unverified".
    "bad_field": Means.REJECTED,
    "external_id_taken": Means.EXISTS,
    "no_such_segment": Means.ABSENT,
    "quota_used_up": Means.THROTTLED,  # comes with HTTP 403, which alone would mean the credentials
}

ROWS = frozenset([f"code {code}" for code in CODES] + [f"status {status}" for status in STATUSES])


def refused(answer: Answer) -> Refusal | None:
    """The refusal in an answer; None for a status of success. A known code leads over the status."""
    if answer.is_success:
        return None
    error = answer.json.get("error") if isinstance(answer.json, dict) else None
    told = error if isinstance(error, dict) else {}
    code = str(told.get("code") or "")
    said = Said(str(told.get("message") or f"Northwind answered HTTP {answer.status}"), code or None, answer.status)
    if code in CODES:
        return Refusal(f"code {code}", CODES[code], said)
    return Refusal(*by_status(answer.status), said)
