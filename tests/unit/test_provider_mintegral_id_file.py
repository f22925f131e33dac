"""Which files does Mintegral take, by their name and their first rows?"""

from __future__ import annotations

import gzip

import pytest

from workers.files import Unusable
from workers.providers.mintegral.id_file import HEAD_BYTES, check_head, safe_name

ROWS = "".join(f"{number:036x}\n" for number in range(10_000)).encode()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("ids.csv", "ids.csv"),
        ("IDS.TXT.GZ", "IDS.txt.gz"),
        ("a b/c?d&e=f.csv", "a_b_c_d_e_f.csv"),
        ("ключ.txt", "_.txt"),
        (".csv", "file.csv"),
        ("..csv", "file.csv"),
        (f"{'x' * 300}.csv.gz", f"{'x' * 100}.csv.gz"),
        ("ids.txt.csv", "ids.txt.csv"),
    ],
)
def test_a_name_is_made_safe_and_keeps_its_ending(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize("name", ["ids", "ids.gz", "ids.csv.zip", "ids.csv.gz.txt2", "csv", "ids.csv\n"])
def test_any_other_ending_is_refused(name: str) -> None:
    with pytest.raises(Unusable, match="must end with"):
        safe_name(name)


@pytest.mark.parametrize(
    "text",
    [
        b"A",
        b"idfa\nA\nB\n",
        b"device id\r\nA\r\nB\r\n",
        b"idfa\rA\rB",
        b"\xef\xbb\xbfidfa\nA\n",
        "Gerät\nA\n".encode(),
        b"idfa\n\nA\n\n",
        b"idfa\n A \n",
    ],
)
def test_one_column_passes_plain_and_packed(text: bytes) -> None:
    check_head("ids.csv", text, is_all=True)
    check_head("ids.csv.gz", gzip.compress(text), is_all=True)


def test_a_beginning_may_be_cut_anywhere() -> None:
    check_head("ids.csv", ROWS[:HEAD_BYTES], is_all=False)
    check_head("ids.csv", "ü\n".encode() * 100 + b"\xc3", is_all=False)
    check_head("ids.csv.gz", gzip.compress(ROWS)[:500], is_all=False)
    check_head("ids.csv.gz", gzip.compress(ROWS), is_all=True)


@pytest.mark.parametrize(
    ("name", "head", "sentence"),
    [
        ("ids.csv", b"", "first row is empty"),
        ("ids.csv", b"\xef\xbb\xbf", "first row is empty"),
        ("ids.csv", b"idfa\nA,B\n", "row 2 of the file holds a comma"),
        ("ids.csv", b"idfa\nA;B\n", "row 2 of the file holds a semicolon"),
        ("ids.csv", b"idfa\tgaid\n", "row 1 of the file holds a tab"),
        ("ids.csv", b"idfa\nA B\n", "row 2 of the file holds a space"),
        ("ids.csv", "idfa\nA\n".encode("utf-16"), "NUL bytes"),
        ("ids.csv", b"idfa\n\xff\xfe\n", "no text in UTF-8"),
        ("ids.csv", gzip.compress(ROWS), "packed by gzip, and its name does not end with .gz"),
        ("ids.csv.gz", b"idfa\nA\n", "not packed by gzip"),
        ("ids.csv.gz", b"", "not packed by gzip"),
        ("ids.csv.gz", gzip.compress(ROWS[:9000])[:-20], "ends too early"),
        ("ids.csv.gz", b"\x1f\x8bno gzip at all", "cannot be unpacked"),
        ("ids.csv.gz", gzip.compress(b"idfa\nA,B\n"), "row 2 of the file holds a comma"),
        ("ids.csv.gz", gzip.compress(b""), "first row is empty"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(name: str, head: bytes, sentence: str) -> None:
    with pytest.raises(Unusable, match=sentence):
        check_head(name, head, is_all=True)


def test_a_row_without_an_end_is_refused() -> None:
    with pytest.raises(Unusable, match="first row is longer than 65536 bytes"):
        check_head("ids.csv", b"A" * HEAD_BYTES, is_all=False)


def test_no_sentence_holds_a_row() -> None:
    with pytest.raises(Unusable) as refused:
        check_head("ids.csv", b"idfa\ncanary,canary\n", is_all=True)
    assert "canary" not in str(refused.value)
