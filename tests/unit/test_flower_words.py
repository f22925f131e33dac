"""What do Flower's pages say, and what not? Times for people, and no query of an address."""

from __future__ import annotations

import pytest

from workers.monitoring.flower.chart import chart
from workers.monitoring.flower.masked import masked, unmasked, without_jws
from workers.monitoring.flower.reach import asks_for_loopback
from workers.monitoring.flower.words import end, many, span

SIGNED = "https://bucket.example/a.csv?X-Signature=s"
HIDDEN = "https://bucket.example/a.csv?[hidden]"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "—"), (0.0, "0 s"), (0.9, "0 s"), (1.0, "1 s"), (59.9, "59 s"), (60.0, "1 min"), (119.0, "1 min"),
        (3600.0, "1 h"), (7260.0, "2 h 1 min"), (86_399.0, "23 h 59 min"), (90_000.0, "1 d 1 h"),
    ],
)  # fmt: skip
def test_a_span_is_short(seconds: float | None, said: str) -> None:
    assert span(seconds) == said


def test_numbers_go_with_their_words() -> None:
    assert (many(1, "request"), many(2, "request"), many(1000, "job")) == ("1 request", "2 requests", "1,000 jobs")
    assert end("9999-12-31T23:59:59Z") == "until it is resumed"


@pytest.mark.parametrize(
    ("shown", "instead"),
    [
        (SIGNED, HIDDEN),
        (f"see {SIGNED} and s3://b/k?v=1.", f"see {HIDDEN} and s3://b/k?[hidden]"),
        ({"file": [SIGNED]}, {"file": [HIDDEN]}),
        (r'{"file": "https:\/\/h\/a?x=1\u0026y=2"}', r'{"file": "https:\/\/h\/a?[hidden]"}'),
        ("https://h/a is it right?", "https://h/a is it right?"),
        (7, 7),
    ],
)
def test_the_query_of_an_address_is_hidden(shown: object, instead: object) -> None:
    assert masked(shown) == instead


HEADER = "eyJhbGciOiJub25lIn0"
CANARY = "ImNhbmFyeSI"


@pytest.mark.parametrize(
    ("shown", "instead"),
    [
        (f"{HEADER}.{CANARY}.c2lnbmF0dXJl", f"{HEADER}.[hidden]"),
        (f"{HEADER}.{CANARY}.", f"{HEADER}.[hidden]"),
        (f"{HEADER}.{CANARY}.c2ln", f"{HEADER}.[hidden]"),
        (f"{HEADER}.{CANARY}", f"{HEADER}.[hidden]"),
        (f"{HEADER}..{CANARY}==", f"{HEADER}.[hidden]"),
        (f"e30.{CANARY}.", "e30.[hidden]"),
        ([[f"\n{HEADER}.{CANARY}."], {}], [[f"\n{HEADER}.[hidden]"], {}]),
        ("https://b.s3.eu-central-1.amazonaws.com/ids.csv", "https://b.s3.eu-central-1.amazonaws.com/ids.csv"),
    ],
    ids=["signed", "alg none", "short", "cut off", "padded", "empty header", "in a call", "no jws"],
)
def test_what_stands_in_a_jws_is_hidden_however_it_is_signed(shown: object, instead: object) -> None:
    assert without_jws(shown) == instead


def test_an_edit_keeps_what_was_hidden_and_takes_what_is_new() -> None:
    assert unmasked(f'["{HIDDEN}", "https://h/b?c=1"]', f'["{SIGNED}"]') == f'["{SIGNED}", "https://h/b?c=1"]'


def test_a_hidden_query_that_cannot_be_told_is_refused() -> None:
    two = f'["{SIGNED}", "{SIGNED}2"]'
    for original in (two, "[]"):
        with pytest.raises(ValueError, match="write that URL whole"):
            unmasked(f'["{HIDDEN}"]', original)


def test_a_line_needs_two_points_and_stays_in_its_frame() -> None:
    assert chart("Waiting", [(1.0, 5.0)]) is None
    drawn = chart("Waiting", [(0.0, 0.0), (5.0, 10.0), (10.0, 5.0)])
    assert drawn is not None
    assert drawn.line == "0.0,118.0 300.0,4.0 600.0,61.0"
    assert (drawn.newest, drawn.most, drawn.seconds) == (5.0, 10.0, 10.0)


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [("localhost:5555", True), ("127.0.0.1", True), ("[::1]:5555", True), ("evil.example:5555", False), ("", False)],
)
def test_only_this_machines_own_names_are_loopback(host: str, is_ours: bool) -> None:  # noqa: FBT001
    assert asks_for_loopback(host) is is_ours
