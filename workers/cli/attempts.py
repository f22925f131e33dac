"""How do a job's attempts look on the command line? One a line, with what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from workers.cli.output import say, say_table

COLUMNS = ("run", "number", "started_at", "ended_at", "outcome", "requests", "http_status", "provider_code", "message")


def say_attempts(attempts: Iterable[Mapping[str, Any]], title: str) -> None:
    """Nothing where there are none."""
    rows = [[each[name] for name in COLUMNS] for each in attempts]
    if rows:
        say("")
        say_table(COLUMNS, rows, title)
