"""Which jobs stand in a file? Whatever the file, every message is found with its place and its own bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.cli.endings import WrongUsage
from workers.cli.job_files import JobFile, read


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", []),
        (b" \n\t", []),
        (b'{"a": 1}', [("f", b'{"a": 1}')]),
        (b'{\n "a": 1\n}\n', [("f", b'{\n "a": 1\n}\n')]),
        (b"[]", []),
        (b'[{"a": 1} , {"b":\n2}]\n', [("f[0]", b'{"a": 1}'), ("f[1]", b'{"b":\n2}')]),
        (b'[1, "\xff"]', [("f[0]", b"1"), ("f[1]", b'"\xff"')]),
        (b'{"a":1}\n\n{"b":2}\r\n', [("f:1", b'{"a":1}'), ("f:3", b'{"b":2}')]),
        (b'{"a":\n{"b":2}\n', [("f:1", b'{"a":'), ("f:2", b'{"b":2}')]),
        (b'no\n{"b":2}', [("f:1", b"no"), ("f:2", b'{"b":2}')]),
        (b"no\nnor this", [("f:1", b"no"), ("f:2", b"nor this")]),
        (b'{\n "a": 1,\n}', [("f", b'{\n "a": 1,\n}')]),
        (b'[{"a": 1}, oops]', [("f:1", b'[{"a": 1}, oops]')]),
        (b"[" * 5000, [("f", b"[" * 5000)]),
        (b'{"a": "\xc2\x85"}\n{"b": 1}', [("f:1", b'{"a": "\xc2\x85"}'), ("f:2", b'{"b": 1}')]),
    ],
)
def test_every_message_of_a_file_is_found_at_its_place(content: bytes, found: list[tuple[str, bytes]]) -> None:
    assert [(each.place, each.body) for each in JobFile("f", content).jobs()] == found


def test_a_file_that_cannot_be_read_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="No such file"):
        read([str(tmp_path / "missing.json")])
