"""Is a file what Mintegral takes? One column of device IDs, by its name and its first rows (Upload Audience File).

The rest of the file is not looked at. No sentence holds anything of a row: it may be a device ID.
"""

from __future__ import annotations

import re
import zlib

from workers.files import Unusable

MAX_BYTES = 5 * 1024**3
"""Upload Audience File: "5 GB per file". Read as GiB, the larger one, so that nothing is refused here that Mintegral
would take; it is also the most that S3 takes in one PUT (Amazon S3 user guide, Uploading objects)."""

HEAD_BYTES = 64 * 1024  # of the file, and of what it unpacks to: some thousand rows
_ENDING = re.compile(r"\.(?:txt|csv)(?:\.gz)?\Z", re.IGNORECASE)
_GZIP = b"\x1f\x8b"  # RFC 1952, 2.3.1
_LONGEST_NAME = 100
_SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", " ": "a space"}


def safe_name(name: str) -> str:
    """The file's name for Mintegral: only ASCII letters, digits and ``. _ -``, its ending in lower case.

    It becomes part of a signed address and of a key in a bucket, and who signs and who sends would have to escape
    anything else alike. Raises ``Unusable`` where the ending is none that Mintegral takes.
    """
    ending = _ENDING.search(name)
    if ending is None:
        raise Unusable("the file's name must end with .txt, .csv, .txt.gz or .csv.gz")
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", name[: ending.start()])[:_LONGEST_NAME]
    return (stem.lstrip(".") or "file") + ending[0].lower()


def check_head(name: str, head: bytes, *, is_all: bool) -> None:
    """Raise ``Unusable`` unless the file's first bytes are one column. ``is_all``: the file has no others."""
    text, is_all = _unpacked(head, is_all=is_all) if name.endswith(".gz") else (head, is_all)
    if not name.endswith(".gz") and head.startswith(_GZIP):
        raise Unusable("the file is packed by gzip, and its name does not end with .gz: name it so")
    rows = re.split(r"\r\n|\r|\n", _text(text, is_all=is_all))
    if not is_all:
        rows.pop()  # cut anywhere
        if not rows:
            raise Unusable(f"the file's first row is longer than {HEAD_BYTES} bytes: give one device ID a row")
    _check_rows(rows)


def _unpacked(head: bytes, *, is_all: bool) -> tuple[bytes, bool]:
    if not head.startswith(_GZIP):
        raise Unusable("the file's name ends with .gz, and it is not packed by gzip: pack it, or name it otherwise")
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # 16: with gzip's header
    try:
        text = unpacking.decompress(head, HEAD_BYTES)
    except zlib.error:
        raise Unusable("the file cannot be unpacked by gzip: pack it again") from None
    if is_all and not unpacking.eof and len(text) < HEAD_BYTES:
        raise Unusable("the packed file ends too early: pack it again")
    return text, unpacking.eof


def _text(head: bytes, *, is_all: bool) -> str:
    if b"\0" in head:
        raise Unusable("the file is no plain text, it holds NUL bytes: write it in UTF-8")
    whole = head if is_all else head[: max(head.rfind(b"\n"), head.rfind(b"\r")) + 1]  # a character may be cut
    try:
        return whole.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unusable("the file is no text in UTF-8: write it so") from None


def _check_rows(rows: list[str]) -> None:
    """The first row may be any header; a blank row holds no second column."""
    if not rows[0].strip():
        raise Unusable("the file's first row is empty: begin with a header or a device ID")
    for number, row in enumerate(rows, start=1):
        for separator, called in _SEPARATORS.items():
            if separator in row.strip() and not (number == 1 and separator == " "):
                raise Unusable(f"row {number} of the file holds {called}: give one column, one device ID a row")
