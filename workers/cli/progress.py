"""How does a long act show how far it is? A bar on a terminal, nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import track

WORTH_A_BAR = 200

T = TypeVar("T")


def counted(things: Iterable[T], total: int, doing: str) -> Iterator[T]:
    """The same things, with a bar on standard error while they are gone through."""
    if total < WORTH_A_BAR or not sys.stderr.isatty():
        yield from things
        return
    yield from track(things, description=doing, total=total, console=Console(stderr=True), transient=True)
