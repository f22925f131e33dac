"""What does it look like? Three pictures of every side: CPU of a job, requests at once, and the way to the request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_OURS, _OTHER, _REDIS = "tab:blue", "tab:gray", "tab:red"


def draw(result: dict[str, Any], path: Path) -> None:
    """Write the picture, as SVG whose text stays text."""
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "performance", "font.size": 9})
    figure = Figure(figsize=(10, 3.6), layout="tight")
    cpu, at_once, latency = figure.subplots(1, 3, sharey=True)
    sides = result["sides"]
    titles = [side["title"] for side in sides.values()]
    colours = [_OURS if name == "ours" else _OTHER for name in sides]

    _bars(cpu, titles, _values(result, "CPU of a job, 100 ms"), colours)
    own = [line["value"] for line in _values(result, "CPU of a job, 100 ms")]
    redis = [line["value"] for line in _values(result, "Redis' CPU of a job, 100 ms")]
    cpu.barh(titles, redis, left=own, color=_REDIS, alpha=0.4, label="Redis")
    cpu.legend()
    cpu.set_xlabel("CPU of a job, ms (provider: 100 ms)")
    _bars(at_once, titles, _values(result, "requests at the provider at once, 100 ms"), colours)
    at_once.set_xlabel("requests at the provider at once (100 ms)")
    _bars(latency, titles, _values(result, "submit to request, idle, p50"), colours)
    latency.set_xlabel("submit to request, idle, p50, ms")
    cpu.invert_yaxis()
    figure.savefig(path, metadata={"Date": None})


def _values(result: dict[str, Any], what: str) -> list[dict[str, Any]]:
    return [line for side in result["sides"].values() for line in side["figures"] if line["what"] == what]


def _bars(axes: Axes, titles: list[str], lines: list[dict[str, Any]], colours: list[str]) -> None:
    """The medians, with their spread."""
    values = [line["value"] for line in lines]
    low = [max(0.0, line["value"] - min(line["rounds"])) for line in lines]
    high = [max(0.0, max(line["rounds"]) - line["value"]) for line in lines]
    axes.barh(titles, values, xerr=[low, high], color=colours, ecolor="black", capsize=2)
    axes.grid(axis="x", alpha=0.3)
