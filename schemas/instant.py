"""How a moment is written on the wire: RFC 3339, its offset always given; what we write is UTC."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from schemas.wire import expect

EXPECTED = "an RFC 3339 date and time with its offset, like 2026-11-21T20:04:05Z"

_RFC3339 = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]"
    r"(?P<minute>[0-9]{2}:[0-9]{2}):(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?"
    r"(?P<offset>[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_LEAP_SECOND = "60"


def read(text: str) -> datetime:
    """The moment in UTC, to the microsecond. Raises ValueError if it is not RFC 3339."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(EXPECTED)
    leap = match["second"] == _LEAP_SECOND
    second = "59" if leap else match["second"]
    fraction = (match["fraction"] or "")[:6].ljust(6, "0")
    offset = match["offset"].upper().replace("Z", "+00:00")
    local = datetime.fromisoformat(f"{match['date']}T{match['minute']}:{second}.{fraction}{offset}")
    try:
        # Python knows no leap second: it is the next one.
        return local.astimezone(UTC) + timedelta(seconds=leap)
    except OverflowError as error:
        raise ValueError(EXPECTED) from error


def write(moment: datetime) -> str:
    """UTC to the millisecond. Raises ValueError for a moment without an offset."""
    if moment.tzinfo is None:
        raise ValueError(EXPECTED)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read(value: object) -> object:
    if isinstance(value, str):
        return read(value)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError(EXPECTED)
    return value


Instant = Annotated[
    datetime,
    BeforeValidator(_read),
    PlainSerializer(write, when_used="json"),
    expect(EXPECTED),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""RFC 3339 text outside, an aware datetime in UTC inside."""
