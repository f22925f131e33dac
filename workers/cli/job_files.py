"""Which jobs stand in a file? One JSON object, an array, or one object a line: each with its place."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workers.cli.endings import WrongUsage

STANDARD_INPUT = "-"

_SCANNER = json.JSONDecoder()
_SPACE = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Found:
    """The bytes of one message as they stand in the file, and its place: ``a.json``, ``b.jsonl:7``, ``c.json[2]``."""

    place: str
    body: bytes


@dataclass(frozen=True, slots=True)
class JobFile:
    """A file, read whole. Its jobs are cut out of it one after the other."""

    name: str
    content: bytes

    def jobs(self) -> Iterator[Found]:
        """Every job. What cannot be told apart is one message, which then is no valid job."""
        # JSON's own signs are ASCII. Read as Latin-1, a place in the text is the place in the bytes.
        text = self.content.decode("latin-1")
        start = _skip_space(text, 0)
        if start == len(text):
            return
        if text[start] == "[" and (elements := _elements(text, start)) is not None:
            for index, (begin, end) in enumerate(elements):
                yield Found(f"{self.name}[{index}]", self.content[begin:end])
        elif _is_one(text):
            yield Found(self.name, self.content)
        else:
            for number, line in enumerate(self.content.splitlines(), 1):
                if line.strip():
                    yield Found(f"{self.name}:{number}", line)


def read(names: list[str]) -> list[JobFile]:
    """The files, or standard input for "-". Raises ``WrongUsage`` for what cannot be read."""
    return [JobFile(name, _content(name)) for name in names]


def _content(name: str) -> bytes:
    if name == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise WrongUsage(f"{name} cannot be read ({error.strerror}); name files that exist, or - ") from error


def _elements(text: str, start: int) -> list[tuple[int, int]] | None:
    """Where each element of the array begins and ends; None if the text is no array."""
    found: list[tuple[int, int]] = []
    place = _skip_space(text, start + 1)
    if text[place : place + 1] == "]":
        return found if _skip_space(text, place + 1) == len(text) else None
    while True:
        end = _end_of_value(text, place)
        if end is None:
            return None
        found.append((place, end))
        place = _skip_space(text, end)
        sign = text[place : place + 1]
        place = _skip_space(text, place + 1)
        if sign == "]":
            return found if place == len(text) else None
        if sign != ",":
            return None


def _is_one(text: str) -> bool:
    """Whether the text is one value, or one that was broken, rather than one on each line."""
    if _is_value(text):
        return True
    lines = text.strip(_SPACE).split("\n")
    opens_only = lines[0].startswith(("{", "[")) and not lines[0].rstrip().endswith(("}", "]"))
    return opens_only and not any(line.startswith("{") and _is_value(line) for line in lines)


def _is_value(text: str) -> bool:
    end = _end_of_value(text, _skip_space(text, 0))
    return end is not None and _skip_space(text, end) == len(text)


def _end_of_value(text: str, start: int) -> int | None:
    try:
        return _SCANNER.raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return None


def _skip_space(text: str, place: int) -> int:
    while place < len(text) and text[place] in _SPACE:
        place += 1
    return place
