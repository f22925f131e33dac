"""Which page do the results make? ``docs/lanes-figures.md``, every number of it from the results' JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HEAD = """# The figures of the lanes

Measured by `make bench-lanes`, which writes this page from `bench/results/lanes-*.json`; `make bench-lanes FIGURE=NAME`
measures one anew. What each figure measures, and how, is in `bench/lanes/`. Where two sides are compared they take
turns in one run. A value is the median of its rounds, or their worst where something must never happen; the spread is
their smallest and largest.
"""


def write(results: Path, page: Path, names: list[str]) -> None:
    """Write the page of those figures that have a result, in this order."""
    paths = [results / f"lanes-{name}.json" for name in names]
    figures = [json.loads(path.read_text()) for path in paths if path.exists()]
    page.write_text("\n".join([HEAD, *(line for figure in figures for line in _section(figure))]))


def rows(figure: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """What, goal, value, spread and whether it is met, of each line of a figure."""
    return [
        (line["what"], _goal(line), number(line["value"], line["unit"]), spread(line), _met(line))
        for line in figure["lines"]
    ]


def _section(figure: dict[str, Any]) -> Iterator[str]:
    yield f"## {figure['question']}\n"
    yield "| what | goal | value | spread | |\n|---|---|---|---|---|"
    yield from (f"| {' | '.join(row)} |" for row in rows(figure))
    yield ""
    yield figure["method"] + "\n"
    machine, load = figure["machine"], figure["load"]
    count = max(len(line["rounds"]) for line in figure["lines"])
    rounds = f"{count} round{'s'[: count != 1]}"
    yield (
        f"`make bench-lanes FIGURE={figure['name']}`: {rounds} in {figure['took_s']:.0f} s on "
        f"{figure['at']}, commit {machine['commit']}; {machine['cores']} cores, load {load[0]:.1f} before and "
        f"{load[1]:.1f} after; {machine['processor']}, Python {machine['python']}."
    )
    yield ""


def _goal(line: dict[str, Any]) -> str:
    goal = line["goal"]
    return f"{'≥' if goal['is_'] == 'at least' else '≤'} {goal['bound']:g}" if goal else ""


def _met(line: dict[str, Any]) -> str:
    return {True: "met", False: "**missed**", None: ""}[line["met"]]


def spread(line: dict[str, Any]) -> str:
    """The smallest and the largest of a line's rounds."""
    low, high = (number(edge(line["rounds"]), "") for edge in (min, max))
    return low if low == high else f"{low} to {high}"


def number(value: float, unit: str) -> str:
    """A value as a reader wants it, with its unit unless it is a share or a ratio."""
    digits = 3 if abs(value) < 10 else 1  # noqa: PLR2004 - two to four digits that mean something
    text = f"{value:,.{digits}f}" if value % 1 else f"{value:,.0f}"
    return text if unit in {"", "ratio", "of 1"} else f"{text} {unit}"
