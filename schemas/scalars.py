"""Which scalar types several messages share."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue, StringConstraints

from schemas.wire import expect


def _whole(value: object) -> object:
    """JSON knows one kind of number: 1.0 is the integer 1. Python's True is not."""
    if isinstance(value, bool):
        raise ValueError("a number, not a truth value")  # noqa: TRY004 - pydantic reads ValueError as "invalid"
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)

JsonObject = dict[str, JsonValue]

Name = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,128}$"),
    expect("a string of 1 to 128 characters of A-Z a-z 0-9 . _ -"),
]
JobId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,128}$"),
    expect("a string of 1 to 128 characters of A-Z a-z 0-9 . _ : -"),
]
Text = Annotated[str, StringConstraints(min_length=1), expect("a string that is not empty")]
Text256 = Annotated[str, StringConstraints(min_length=1, max_length=256), expect("a string of 1 to 256 characters")]
Text1024 = Annotated[str, StringConstraints(min_length=1, max_length=1024), expect("a string of 1 to 1024 characters")]
UpTo256 = Annotated[str, StringConstraints(max_length=256), expect("a string of at most 256 characters")]
UpTo1024 = Annotated[str, StringConstraints(max_length=1024), expect("a string of at most 1024 characters")]

Count = Annotated[int, Field(ge=0), WHOLE, expect("a whole number of at least 0")]
AtLeast1 = Annotated[int, Field(ge=1), WHOLE, expect("a whole number of at least 1")]
ZeroOrOne = Annotated[Literal[0, 1], WHOLE, expect("0 or 1")]
Number = Annotated[
    Annotated[int, Field(ge=0, lt=10**18)] | Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")],
    WHOLE,
    expect("a whole number of 1 to 18 digits, or a string of such digits"),
]
"""An identifier that a provider writes now as a number, now as a string."""
