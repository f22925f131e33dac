"""Did what died have an effect at the provider? What its attempts tell of it, in a sentence for an operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NOTHING_SENT = "Nothing was sent to the provider."

OUTCOMES = {
    "Unknown": "It may have been applied: its answer was lost. A replay looks for the audience before it sends.",
    "Rejected": "The provider said no: nothing was applied.",
    "AuthFailed": "The provider refused the credentials: nothing was applied.",
    "Unavailable": "The provider was surely not reached, or said that it did nothing.",
    "Throttled": "The provider asked to wait: nothing was applied.",
}


def applied(category: str, attempts: Sequence[Mapping[str, Any]]) -> str:
    """The sentence; ``attempts`` as a dead letter shows them."""
    if category == "outcome_unknown":
        return OUTCOMES["Unknown"]
    sent = [each for each in attempts if each["requests"]]
    if not sent:
        return NOTHING_SENT
    return OUTCOMES.get(sent[-1]["outcome"], f"Its last attempt ended as {sent[-1]['outcome']}.")
