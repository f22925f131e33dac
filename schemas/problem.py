"""What is wrong with a message, with the place where."""

import re
from dataclasses import dataclass

# Keys are chosen by the sender: a key of a megabyte must not make an event of a megabyte.
MAX_SEGMENT_CHARS = 64

SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A JSON Pointer (RFC 6901) from the root of the job, and a sentence that never quotes input."""

    pointer: str
    expected: str


def pointer(*segments: str | int) -> str:
    """The JSON Pointer of these keys and indices. A long key is cut, with an ellipsis for the rest."""
    return "".join(f"/{_segment(str(each))}" for each in segments)


def once_each(problems: list[Problem]) -> tuple[Problem, ...]:
    """The first problem of each place: what follows from it (a value left out, then missed) is not news."""
    first: dict[str, Problem] = {}
    for problem in problems:
        first.setdefault(problem.pointer, problem)
    return tuple(first.values())


def _segment(key: str) -> str:
    cut = key if len(key) <= MAX_SEGMENT_CHARS else key[:MAX_SEGMENT_CHARS] + "…"
    return SURROGATE.sub("\ufffd", cut).replace("~", "~0").replace("/", "~1")
