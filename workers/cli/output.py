"""How does a listing look? A table for a person, JSON lines for a program, nothing cut for either."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, with stable field names.")]

_WIDE = 100_000  # for a pipe: a cell is never cut or wrapped
_FOLDED = 8  # characters that a folded column has at least, where it has so many


def console() -> Console:
    """Standard output. Piped, it has no colours and lines as long as they are."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, width=_WIDE, no_color=True, force_terminal=False, soft_wrap=True)


def say(line: str) -> None:
    """One line on standard output, as it is."""
    print(line)  # noqa: T201 - this is where commands speak


def note(line: str) -> None:
    """One line beside the output, on standard error."""
    print(line, file=sys.stderr)  # noqa: T201


def say_json(value: Any) -> None:
    """One object on one line. Flushed, so that a program that reads along has it at once."""
    print(json.dumps(value, ensure_ascii=False), flush=True)  # noqa: T201


def say_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Rows under headings. In a pipe each stays on its line; a terminal folds the last column first, the first last."""
    to, kept = console(), list(rows)
    widths = [
        max(map(cell_len, (column, *map(one_line, cells)))) for column, *cells in zip(columns, *kept, strict=True)
    ]
    gaps = 2 * (len(columns) - 1)
    for whole in (len(columns) - 1, 1, 0):
        if sum(widths[:whole]) + sum(min(_FOLDED, width) for width in widths[whole:]) + gaps <= to.width:
            break
    to.print(table(columns, kept, title, columns[:whole]))


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    title: str | None = None,
    whole: Sequence[str] = (),
) -> Table:
    """A table of texts, none of which is read as markup. On a terminal all columns but the ``whole`` are folded."""
    terminal = sys.stdout.isatty()
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold" if terminal else "")
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=not terminal or column in whole)
    for row in rows:
        made.add_row(*(Text(one_line(cell)) for cell in row))
    return made


def yes_or_no(value: object) -> object:
    """A truth value in a word, anything else as it is."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def one_line(value: object) -> str:
    """A value as it stands in a cell: nothing for None, control characters and line ends as spaces."""
    text = "" if value is None else str(value)
    return "".join(char if char.isprintable() else " " for char in text)
