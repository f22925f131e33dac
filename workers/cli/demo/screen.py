"""How is the demo watched? A live table on a terminal, a line for each thing that happens elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Self

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from workers.cli.demo.expected import Row
from workers.cli.output import console, one_line, say

_SHOWN = 14


class Screen:
    """Shows acts and rows as they change."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._act = "starting"
        self._said = ""
        self._rows: list[Row] = []
        self._live = (
            Live(self, console=console(), transient=True, refresh_per_second=8) if sys.stdout.isatty() else None
        )

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def act(self, title: str) -> None:
        self._act, self._said = title, ""
        self._line(f"\n{title}")

    def say(self, sentence: str) -> None:
        self._said = sentence
        self._line(f"  {sentence}")

    def changed(self, row: Row) -> None:
        if row not in self._rows:
            self._rows.append(row)
        if row.got is None:
            self._line(f"  in   {row.way:15}  {row.what}")
        else:
            self._line(f"  out  {row.way:15}  {row.what}: {one_line(row.shown)}")

    def __rich__(self) -> Group:
        grid = Table.grid(padding=(0, 2))
        for row in self._rows[-_SHOWN:]:
            mark = Text("…", "yellow") if row.got is None else Text("✗", "red") if row.differs else Text("✓", "green")
            grid.add_row(mark, Text(row.way, "cyan"), Text(row.what), Text(one_line(row.shown), "dim"))
        head = Text.assemble((f"{self._elapsed():4.0f} s  ", "dim"), (self._act, "bold"))
        return Group(head, Text(self._said, "italic"), grid)

    def _line(self, text: str) -> None:
        if self._live is None:
            stamp = f"{self._elapsed():5.1f} s"
            say("\n".join(f"{stamp}  {line}" if line.strip() else line for line in text.split("\n")))
            sys.stdout.flush()

    def _elapsed(self) -> float:
        return time.monotonic() - self._began
