"""When two jobs ask for the same."""

import hashlib
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.canonical_json import canonical, digest
from schemas.strict_json import Json

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inside: st.lists(inside) | st.dictionaries(TEXT, inside),
    max_leaves=20,
)


def _shuffled(value: Json, dice: random.Random) -> Json:
    match value:
        case dict():
            pairs = [(key, _shuffled(each, dice)) for key, each in value.items()]
            dice.shuffle(pairs)
            return dict(pairs)
        case list():
            return [_shuffled(each, dice) for each in value]
        case _:
            return value


@settings(deadline=None)
@given(VALUES, st.randoms(use_true_random=False), st.sampled_from([None, 0, 4]))
def test_neither_the_order_of_keys_nor_whitespace_counts(value: Json, dice: random.Random, indent: int | None) -> None:
    written_otherwise = json.loads(json.dumps(_shuffled(value, dice), indent=indent))
    assert canonical(written_otherwise) == canonical(value)


@settings(deadline=None)
@given(VALUES)
def test_a_canonical_value_means_what_it_meant(value: Json) -> None:
    assert json.loads(canonical(value)) == value


@pytest.mark.parametrize(
    ("value", "spelling"),
    [
        (1.0, b"1"),
        (-0.0, b"0"),
        (0.5, b"0.5"),
        (1e21, b"1000000000000000000000"),
        (True, b"true"),
        ([1, [2.0]], b"[1,[2]]"),
        ({"b": 1, "a": "ü\n"}, '{"a":"ü\\n","b":1}'.encode()),
    ],
)
def test_each_value_has_one_spelling(value: Json, spelling: bytes) -> None:
    assert canonical(value) == spelling


@pytest.mark.parametrize(("one", "other"), [(1, True), (1, "1"), (None, {}), ([1, 2], [2, 1]), (0, False)])
def test_different_values_have_different_spellings(one: Json, other: Json) -> None:
    assert canonical(one) != canonical(other)


def test_the_digest_is_the_sha_256_of_operation_and_payload() -> None:
    expected = hashlib.sha256(b'{"operation":"create_audience","payload":{"a":1}}').hexdigest()
    assert digest("create_audience", {"a": 1.0}) == expected


def test_the_digest_tells_operations_and_payloads_apart() -> None:
    assert len({digest("get", {"a": 1}), digest("list", {"a": 1}), digest("get", {"a": 2})}) == 3
