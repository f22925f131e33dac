"""Which notations of a rule are one rule?"""

from __future__ import annotations

import pytest

from workers.providers.pubmatic.lookup import tokens


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(,383:7,)", "(383:7)"),  # both of PubMatic's own samples
        ("(,383:7,)", "383:7"),
        ("(,383:7,)", "((383:7))"),
        ("(,383:7,AND,383:8,)", "( 383:7 AND 383:8 )"),
        ("((383:7,AND,383:8),OR,(383:9,AND,383:1))", "(,383:7,AND,383:8,),OR,(,383:9,AND,383:1,)"),
        ("(,(,(,383:7,AND,383:8,),),)", "383:7,AND,383:8"),
    ],
)
def test_one_rule_in_two_notations(one: str, other: str) -> None:
    assert tokens(one) == tokens(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(383:7)", "(383:71)"),
        ("(383:7,AND,383:8)", "(383:7,OR,383:8)"),
        (
            "(383:7,AND,383:8)",
            "(383:8,AND,383:7)",
        ),  # the order is kept: nothing documents that it does not matter
        ("((1:1,AND,1:2),OR,1:3)", "(1:1,AND,(1:2,OR,1:3))"),
        ("(1:1),OR,(1:2)", "1:1),OR,(1:2"),
        ("(1:a)", "(1:A)"),
        ("((383:7)", "(383:7)"),
    ],
)
def test_two_rules(one: str, other: str) -> None:
    assert tokens(one) != tokens(other)


@pytest.mark.parametrize("text", ["", "()", "(((", ")))", ")(", "(,,)"])
def test_what_is_no_rule_ends(text: str) -> None:
    assert isinstance(tokens(text), list)
