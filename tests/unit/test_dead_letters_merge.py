"""Is a merge that of RFC 7396? The cases of its appendix A (https://www.rfc-editor.org/rfc/rfc7396#appendix-A)."""

from __future__ import annotations

from typing import Any

import pytest

from workers.dead_letters.merge import Merge, fields_of, merged

CASES: tuple[tuple[Any, Any, Any], ...] = (
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
)


@pytest.mark.parametrize(("old", "patch", "new"), CASES)
def test_the_standards_own_cases_hold(old: Any, patch: Any, new: Any) -> None:
    before = repr(old)
    assert merged(old, patch) == new
    assert repr(old) == before


def test_the_fields_are_those_of_one_object_with_their_names_for_the_audit() -> None:
    fields = fields_of('{"price": "2.0", "description": null, "a/b": {"c": 1}}')
    assert fields == {"price": "2.0", "description": None, "a/b": {"c": 1}}
    changed = ["/price", "/description", "/a~1b"]
    assert Merge(fields).about == {"changed": changed}
    assert Merge(fields, force=True).about == {"changed": changed, "forced": True}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "it is no JSON object with a field"),
        ("{}", "it is no JSON object with a field"),
        ('{"price": 2.0', "expected at its root: JSON; it stops being so at line 1"),
        ('{"price": "2.0", "price": "3.0"}', "expected at /price: this key once in its object"),
        ('{"deep": {"price": 1e999}}', "expected at /deep/price: a finite number"),
        ("\udcff", "expected at its root: UTF-8"),
    ],
    ids=["array", "nothing", "cut off", "twice", "infinite", "bytes"],
)
def test_what_cannot_be_merged_is_said_in_a_sentence(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        fields_of(text)
