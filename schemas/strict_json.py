"""Which bytes are JSON that means the same to everybody.

Python's own reader takes more than JSON (NaN, lone surrogates) and is silent about what other readers
disagree on (a key given twice, 1e999). All that is refused here is named at once, and stands in the value as
null: the rest of a bad job can still be read, for the answer to its sender.
"""

import json
import math
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from schemas.problem import SURROGATE, Problem, once_each, pointer

MAX_BODY_BYTES = 256 * 1024
MAX_DEPTH = 64
"""Objects and arrays inside one another, the outermost counted. No job needs ten."""
MAX_INTEGER_DIGITS = 4300
"""Python's own default: more digits are refused, for reading and writing them takes quadratic time."""

NOT_EMPTY = "one JSON object, not an empty message"
SMALL_ENOUGH = f"at most {MAX_BODY_BYTES} bytes (256 KiB)"
SHALLOW_ENOUGH = f"objects and arrays nested at most {MAX_DEPTH} deep"
UTF8 = "UTF-8"
NO_BOM = "UTF-8 without a byte order mark"
ONCE = "this key once in its object"
FINITE = f"a finite number, an integer of at most {MAX_INTEGER_DIGITS} digits"
UNICODE = "Unicode text without lone surrogates"
JSON_TYPE = "an object, an array, a string, a number, true, false or null"

Json: TypeAlias = Any
"""What `json` makes: dict, list, str, int, float, bool or None. JSON is Any at the borders, and says so."""

_Path = tuple[str | int, ...]
_BIGGEST = 10**MAX_INTEGER_DIGITS
# A string (closed or not, so that a quote is never looked at twice) or a bracket.
_STRING_OR_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
_STEP = {"[": 1, "{": 1, "]": -1, "}": -1}


@dataclass(frozen=True, slots=True)
class Parsed:
    """The value, with null in place of everything a problem names: whole only when there is no problem."""

    value: Json
    problems: tuple[Problem, ...] = ()


def parse(body: bytes) -> Parsed:
    """Read one JSON value. Never raises, whatever the bytes."""
    text = _text(body)
    if isinstance(text, Parsed):
        return text
    if not text.strip():
        return _unreadable(NOT_EMPTY)
    if _too_deep(text):
        return _unreadable(SHALLOW_ENOUGH)
    with suppress(ValueError):
        return Parsed(_flawless(text))
    try:
        raw = json.loads(text, object_pairs_hook=_Pairs, parse_int=_integer, parse_constant=float)
    except json.JSONDecodeError as error:
        return _unreadable(f"JSON; it stops being so at line {error.lineno}, column {error.colno}")
    return _cleaned(raw)


def check(value: Json) -> Parsed:
    """The same rules for what somebody else parsed (a Celery argument); the compact form has its size."""
    parsed = _cleaned(value)
    if len(compact(parsed.value)) > MAX_BODY_BYTES:
        return _unreadable(SMALL_ENOUGH)
    return parsed


def compact(value: Json) -> bytes:
    """UTF-8 JSON without spaces, keys in the order they have."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _flawless(text: str) -> Json:
    """The value of JSON with nothing in it to look at closer, as nearly all is: read at once, by the C reader.

    Raises ValueError for all other text.
    """
    if "\\ud" in text or "\\uD" in text:
        raise ValueError("half a surrogate pair, perhaps")
    return _FLAWLESS.decode(text)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError(ONCE)
    return value


def _short(digits: str) -> int:
    if len(digits) > MAX_INTEGER_DIGITS:
        raise ValueError(FINITE)
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(FINITE)
    return value


_FLAWLESS = json.JSONDecoder(object_pairs_hook=_distinct, parse_int=_short, parse_float=_finite, parse_constant=_finite)


class _Pairs(list[tuple[str, Any]]):
    """An object as it was written, its repeated keys too."""


def _text(body: bytes) -> str | Parsed:
    if len(body) > MAX_BODY_BYTES:
        return _unreadable(SMALL_ENOUGH)
    if body.startswith(b"\xef\xbb\xbf"):
        return _unreadable(NO_BOM)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return _unreadable(UTF8)


def _unreadable(expected: str) -> Parsed:
    return Parsed(None, (Problem("", expected),))


def _too_deep(text: str) -> bool:
    # Asked before the reader sees the text: how deep that may recurse depends on the interpreter.
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        depth += _STEP.get(token[0], 0)
        if depth > MAX_DEPTH:
            return True
    return False


def _integer(digits: str) -> int | float:
    if len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
        return math.inf
    try:
        return int(digits)
    except ValueError:  # the interpreter was told to stop even earlier (PYTHONINTMAXSTRDIGITS)
        return math.inf


def _cleaned(raw: object) -> Parsed:
    problems: list[Problem] = []
    value = _clean(raw, (), problems)
    return Parsed(value, once_each(problems))


def _clean(value: object, path: _Path, problems: list[Problem]) -> Json:
    match value:
        case list() | dict() if len(path) >= MAX_DEPTH:
            problems.append(Problem("", SHALLOW_ENOUGH))
            return None
        case _Pairs():
            return _clean_object(value, path, problems)
        case dict():
            return _clean_object(list(value.items()), path, problems)
        case list():
            return [_clean(each, (*path, index), problems) for index, each in enumerate(value)]
        case _:
            return _clean_scalar(value, path, problems)


def _clean_scalar(value: object, path: _Path, problems: list[Problem]) -> Json:
    expected = _refusal(value)
    if expected is None:
        return value
    problems.append(Problem(pointer(*path), expected))
    return None


def _refusal(scalar: object) -> str | None:
    """What was expected in place of a scalar that is not to be kept."""
    match scalar:
        case None | bool():
            return None
        case str():
            return UNICODE if SURROGATE.search(scalar) else None
        case int():
            return None if -_BIGGEST < scalar < _BIGGEST else FINITE
        case float():
            return None if math.isfinite(scalar) else FINITE
        case _:
            return JSON_TYPE


def _clean_object(pairs: list[tuple[Any, Any]], path: _Path, problems: list[Problem]) -> Json:
    clean: dict[str, Json] = {}
    for key, value in pairs:
        here = (*path, str(key))
        kept = _clean(value, here, problems)
        if not isinstance(key, str) or SURROGATE.search(key):
            problems.append(Problem(pointer(*here), UNICODE))
        elif key in clean:
            problems.append(Problem(pointer(*here), ONCE))
            clean[key] = None  # neither of the two is trusted
        else:
            clean[key] = kept
    return clean
