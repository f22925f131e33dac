"""What may an operator see of a request and its answer?"""

from __future__ import annotations

import json

import pytest

from workers.exchange import LONGEST_ANSWER, SHOWN_CHARACTERS, Exchange

SECRET = 'top/"secret"'


def shown(answer: bytes, status: int | None = 400) -> str | None:
    exchange = Exchange("POST", "provider", "https://provider/v1?key=K", {"name": SECRET})
    if status is not None:
        exchange.ends(status, answer)
    text: str | None = exchange.shown([SECRET, "K=V&"])["answer"]
    return text


def test_it_tells_what_was_sent_and_what_came_back_without_a_secret() -> None:
    exchange = Exchange("POST", "provider", f"https://provider/{SECRET}", {"name": SECRET, "price": 1})
    exchange.ends(400, b'{"a": [1]}')
    assert exchange.shown([SECRET]) == {
        "method": "POST",
        "url": "https://provider/[secret]",
        "body": '{"name": "[secret]", "price": 1}',
        "status": 400,
        "answer": '{"a": [1]}',
    }


@pytest.mark.parametrize("escaped", [json.dumps(SECRET), '"top\\/\\"secret\\""', '"\\u0074op/\\u0022secret\\u0022"'])
def test_no_escape_hides_a_secret(escaped: str) -> None:
    assert shown(f'{{"echo": {escaped}}}'.encode()) == '{"echo": "[secret]"}'


@pytest.mark.parametrize("body", [b"<p>" + SECRET.encode(), b"\xff " + SECRET.encode(), b"[" * 5000 + SECRET.encode()])
def test_an_answer_that_is_no_json_is_searched_as_text(body: bytes) -> None:
    text = shown(body)
    assert text is not None
    assert SECRET not in text


def test_without_an_answer_there_is_none() -> None:
    assert shown(b"", status=None) is None


def test_a_long_text_is_cut_and_says_so() -> None:
    text = shown(json.dumps("x" * 3000).encode())
    assert text is not None
    assert text[SHOWN_CHARACTERS:] == "… (3002 characters)"


def test_of_a_very_long_answer_only_its_size_is_kept() -> None:
    exchange = Exchange("GET", "provider", "https://provider", None)
    exchange.ends(200, b"x" * (LONGEST_ANSWER + 1))
    assert exchange.answer == b""
    assert shown(b"x" * (LONGEST_ANSWER + 1)) == f"({LONGEST_ANSWER + 1} bytes, not kept)"


def test_half_a_surrogate_pair_does_not_break_the_history() -> None:
    text = shown(b'{"a": "\\ud800"}')
    assert text is not None
    assert json.loads(text.encode())
