"""Which bytes are JSON that means the same to everybody."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import strict_json
from schemas.strict_json import MAX_BODY_BYTES, MAX_DEPTH, MAX_INTEGER_DIGITS, Json, check, parse

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(SCALARS | TEXT, lambda inside: st.lists(inside) | st.dictionaries(TEXT, inside), max_leaves=20)


def places(parsed: strict_json.Parsed) -> list[tuple[str, str]]:
    return [(problem.pointer, problem.expected) for problem in parsed.problems]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", strict_json.NOT_EMPTY),
        (b" \r\n\t", strict_json.NOT_EMPTY),
        (b'\xef\xbb\xbf{"a":1}', strict_json.NO_BOM),
        ('{"a":1}'.encode("utf-16"), strict_json.UTF8),
        (b'{"a":"\xff"}', strict_json.UTF8),
        (b"\xed\xa0\x80", strict_json.UTF8),
        (b" " * (MAX_BODY_BYTES + 1), strict_json.SMALL_ENOUGH),
        (b"[" * 260_000, strict_json.SHALLOW_ENOUGH),
        (b'{"a":' * 40_000, strict_json.SHALLOW_ENOUGH),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), strict_json.SHALLOW_ENOUGH),
    ],
    ids=lambda each: repr(each[:16]) if isinstance(each, bytes) else "",
)
def test_a_body_that_cannot_be_read_at_all_is_one_problem_at_the_root(body: bytes, expected: str) -> None:
    assert places(parse(body)) == [("", expected)]


@pytest.mark.parametrize(
    "body",
    [b"{", b"{}{}", b"{'a':1}", b'{"a":1,}', b"[1 2]", b"nul", b"01", b'"\n"', b'"\\x"', b"\x00", b"+1"],
)
def test_what_is_not_json_is_told_with_the_place_where_it_stops_being_so(body: bytes) -> None:
    [problem] = parse(body).problems
    assert problem.expected.startswith("JSON; it stops being so at line ")


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (b'{"a":1,"a":2}', ["/a"]),
        (b'{"a":1,"a":1,"a":1}', ["/a"]),
        (b'{"a":{"b":1,"b":2},"c":[{"d":1,"d":2}]}', ["/a/b", "/c/0/d"]),
        (b'{"a":{"x":1,"x":1},"a":{"y":1,"y":1}}', ["/a/x", "/a/y", "/a"]),
        (b'{"a/b":{"m~n":1,"m~n":2}}', ["/a~1b/m~0n"]),
        (b'{"\\u0061":1,"a":2}', ["/a"]),
    ],
)
def test_each_key_given_twice_is_named(body: bytes, pointers: list[str]) -> None:
    assert places(parse(body)) == [(pointer, strict_json.ONCE) for pointer in pointers]


@pytest.mark.parametrize(
    "number",
    ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * (MAX_INTEGER_DIGITS + 1), "-" + "9" * 5000],
)
def test_a_number_that_others_read_otherwise_or_not_at_all_is_refused(number: str) -> None:
    assert places(parse(f'{{"a":[{number}]}}'.encode())) == [("/a/0", strict_json.FINITE)]


def test_the_longest_integer_passes() -> None:
    digits = "9" * MAX_INTEGER_DIGITS
    assert parse(digits.encode()) == strict_json.Parsed(int(digits))


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (rb'{"a":"\ud800"}', "/a"),
        (rb'{"a":["x\udc00\ud800"]}', "/a/0"),
        (rb'{"\ud800":1}', "/\ufffd"),
    ],
)
def test_lone_surrogates_are_refused_in_values_as_in_keys(body: bytes, pointer: str) -> None:
    assert places(parse(body)) == [(pointer, strict_json.UNICODE)]


def test_an_escaped_pair_of_surrogates_is_a_character() -> None:
    assert parse(rb'"\ud83d\ude00"') == strict_json.Parsed("\U0001f600")


def test_everything_wrong_is_named_at_once_and_the_rest_can_be_read() -> None:
    parsed = parse(rb'{"id":"j-1","a":1,"a":2,"n":NaN,"list":[1,"\ud800",3]}')
    assert [pointer for pointer, _ in places(parsed)] == ["/a", "/n", "/list/1"]
    assert parsed.value == {"id": "j-1", "a": None, "n": None, "list": [1, None, 3]}


def test_brackets_within_strings_nest_nothing() -> None:
    text = '["' + "[{" * 1000 + '\\"[[[["]'
    assert parse(text.encode()).problems == ()


def test_the_deepest_value_passes() -> None:
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH).problems == ()


def test_the_largest_body_passes() -> None:
    assert parse(b'"' + b"x" * (MAX_BODY_BYTES - 2) + b'"').problems == ()


QUOTES = b'\\"' * 130_000


@pytest.mark.parametrize(
    "hostile",
    [b'"' + QUOTES, b"[]" * 65 + b'"' + QUOTES, b"[]" * 65 + b'"' * 260_000, b"[]" * 131_000],
    ids=["string", "string after brackets", "quotes after brackets", "brackets"],
)
def test_no_body_takes_long_to_refuse(hostile: bytes) -> None:
    started = time.process_time()
    assert parse(hostile).problems
    assert time.process_time() - started < 2  # what is quadratic takes minutes


@settings(deadline=None)
@given(st.binary())
def test_no_bytes_at_all_raise(body: bytes) -> None:
    parse(body)


@settings(deadline=None)
@given(st.text(alphabet='{}[]",:\\u0d8ce1-.NaN \n'))
def test_nothing_that_looks_like_json_raises(text: str) -> None:
    parse(text.encode())


@settings(deadline=None)
@given(VALUES)
def test_what_python_writes_is_read_back(value: Json) -> None:
    assert parse(json.dumps(value).encode()) == strict_json.Parsed(value)
    assert check(value) == strict_json.Parsed(value)


STRINGS = st.sampled_from(['"a"', '"b"', '"\\ud800"', '"\\uD83D\\uDE00"', '"\\\\ud"'])
NUMBERS = [
    "1",
    "-0",
    "1.0",
    "1e999",
    "-1e999",
    "NaN",
    "Infinity",
    "-Infinity",
    "9" * 4300,
    "-" + "9" * 4300,
    "9" * 4301,
]
TEXTS = st.recursive(
    STRINGS | st.sampled_from([*NUMBERS, "true", "null"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda each: f"[{','.join(each)}]")
        | st.lists(st.tuples(STRINGS, inner).map(":".join), max_size=3).map(lambda each: f"{{{','.join(each)}}}")
    ),
    max_leaves=5,
)


@settings(deadline=None, max_examples=300)
@given(TEXTS)
def test_what_is_read_at_once_is_what_a_closer_look_finds(text: str) -> None:
    closer = parse(f'["\\ud83d\\ude00",{text}]'.encode())  # the escape is fine, and worth a closer look
    at_once = parse(text.encode())
    assert len(at_once.problems) == len(closer.problems)
    assert repr(closer.value) == repr(["\U0001f600", at_once.value])


def _nested(levels: int) -> Json:
    value: Json = []
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "pointer", "expected"),
    [
        ({"a": float("nan")}, "/a", strict_json.FINITE),
        ({"a": 10**MAX_INTEGER_DIGITS}, "/a", strict_json.FINITE),
        ({"a": "\ud800"}, "/a", strict_json.UNICODE),
        ({"\ud800": 1}, "/\ufffd", strict_json.UNICODE),
        ({1: 1}, "/1", strict_json.UNICODE),
        ({"a": b"bytes"}, "/a", strict_json.JSON_TYPE),
        ({"a": (1, 2)}, "/a", strict_json.JSON_TYPE),
        (_nested(MAX_DEPTH + 1), "", strict_json.SHALLOW_ENOUGH),
        (_nested(100_000), "", strict_json.SHALLOW_ENOUGH),
        ("é" * (MAX_BODY_BYTES // 2), "", strict_json.SMALL_ENOUGH),
    ],
    ids=lambda each: each if isinstance(each, str) and len(each) < 80 else "",
)
def test_a_value_that_somebody_else_parsed_is_held_to_the_same_rules(value: Json, pointer: str, expected: str) -> None:
    assert places(check(value)) == [(pointer, expected)]
