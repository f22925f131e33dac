"""What JSON from outside the sandbox is read as: an object, or a sentence about why not."""

import json
from math import isfinite
from typing import Any, NoReturn

from sandbox.refusals import UnusableError

DURATION_MAX = 1_000_000_000


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def read(text: str | bytes) -> Any:
    """The value; ValueError when it is no JSON, which neither NaN nor endless nesting is."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError as endless:
        raise ValueError("nested too deeply") from endless


def read_object(text: str | bytes) -> dict[str, Any]:
    """UnusableError when it is no JSON object."""
    try:
        value = read(text)
    except ValueError as wrong:
        raise UnusableError("a JSON object is expected") from wrong
    if not isinstance(value, dict):
        raise UnusableError("a JSON object is expected")
    return value


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_duration(value: Any) -> bool:
    """A finite number, not negative, that a clock can still add to a date."""
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and isfinite(value)
        and 0 <= value <= DURATION_MAX
    )
