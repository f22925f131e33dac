"""Does the page on logs name every line that the code writes, with its keys?"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from logged import documented

ROOT = Path(__file__).parents[2]
LEVELS = {"debug", "info", "warning", "error", "exception"}


def written() -> dict[str, set[str]]:
    """The keys that each call of a logger names. What is passed on by ``**`` is not seen: a run shows it."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "workers").rglob("*.py"):
        for name, keys in _lines(ast.parse(path.read_text())):
            assert found.setdefault(name, keys) == keys, f"{name} is written with other keys in {path}"
    return found


def _lines(module: ast.Module) -> Iterator[tuple[str, set[str]]]:
    for call in ast.walk(module):
        match call:
            case ast.Call(
                func=ast.Attribute(value=ast.Name("log"), attr=level) | ast.Name(("level") as level),
                args=[ast.Constant(str(name))],
                keywords=keywords,
            ) if level in {*LEVELS, "level"}:
                traceback = {"exception"} if level == "exception" else set()
                yield name, {each.arg for each in keywords if each.arg} | traceback


def test_every_line_is_documented_with_its_keys() -> None:
    passed_on = {"after_s", "pause_s", "look"}
    assert {
        name: keys | (passed_on if name == "attempt" else set()) for name, keys in written().items()
    } == documented()


def test_there_are_lines_to_compare() -> None:
    assert {"attempt", "job.ended", "message.rejected", "job.accepted"} <= documented().keys()
