"""In which other types and words PubMatic's samples say the same thing.

Each change here is between two forms that some sample, table or public client of the same API has: digits as text
for numbers, a number for a text price, American dates, shorter error texts, "BearerToken", and a complex audience
that is created under another name than was asked for.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

OTHER_NAME = "test rest 78"  # the name in the page's sample answer to a create of "Travel Enthusiasts"


def disguised(value: Any) -> Any:
    if isinstance(value, list):
        return [disguised(one) for one in value]
    if not isinstance(value, dict):
        return value
    changed = {name: _FORMS.get(name, _as_is)(one) for name, one in value.items()}
    if "accountTypeId" in value and "accountType" not in value:
        changed["name"] = changed["longName"] = OTHER_NAME
    return changed


def _as_is(value: Any) -> Any:
    return disguised(value) if isinstance(value, (list, dict)) else value


def _text_for_number(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


def _number_for_text(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.lstrip("-").isdecimal() else str(value)


def _other_price(value: Any) -> Any:
    return float(value) if isinstance(value, str) else str(value)


def _american(value: str) -> str:
    try:
        return datetime.fromisoformat(value).strftime("%b %d, %Y")
    except ValueError:
        return value  # is one already


_FORMS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(
        ("id", "accountId", "enabled", "private", "parentAudienceId", "enabledForAIMTag", "accountTypeId"),
        _text_for_number,
    ),
    **dict.fromkeys(("dataProviderId", "audienceGroupId", "dataTypeId"), _number_for_text),
    "price": _other_price,
    "creationTime": _american,
    "modificationTime": _american,
    "errorMessage": lambda text: text.partition(" It's length")[0],
    "tokenType": lambda _text: "BearerToken",
}
