"""How does a run look? Faults, throughput and backlog over time, as a picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from faults.received import first_answers
from faults.result import Result
from faults.schedule import Kind

_ROWS = {
    "worker killed": (Kind.WORKER_KILL,),
    "worker replaced": (Kind.WORKER_DEPLOY,),
    "worker frozen": (Kind.WORKER_FREEZE,),
    "clock jumps": (Kind.CLOCK_JUMP,),
    "broker down": (Kind.BROKER_KILL, Kind.BROKER_RESTART),
    "state store down": (Kind.STATE_KILL, Kind.STATE_RESTART),
    "ways cut": (Kind.PROVIDER_CUT, Kind.STATE_CUT, Kind.BROKER_CUT),
    "ways slow": (Kind.PROVIDER_SLOW, Kind.STATE_SLOW),
    "storm of 429s": (Kind.STORM,),
}
_SMOOTH_S = 5


def draw(result: Result, path: Path) -> None:
    """Write the picture, as SVG whose text stays text."""
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "faults", "font.size": 9})
    figure = Figure(figsize=(10, 7), layout="tight")
    faults, rate, backlog = figure.subplots(3, sharex=True, height_ratios=(2, 1, 1))
    _draw_faults(faults, result)
    seconds = range(int(result.ended_at - result.began_at) + 1)
    answered, sent = _each_second(result, first_answers(result.answered).values()), _each_second(result, _sent(result))
    smooth = [sum(answered[s - _SMOOTH_S + 1 : s + 1]) / _SMOOTH_S if s >= _SMOOTH_S else answered[s] for s in seconds]
    rate.plot(seconds, smooth, color="tab:green", linewidth=1)
    rate.set_ylabel("events/s")
    waiting = [a - b for a, b in zip(accumulate(sent), accumulate(answered), strict=True)]
    backlog.fill_between(seconds, waiting, color="tab:blue", alpha=0.5)
    backlog.set_ylabel("jobs not yet answered")
    backlog.set_xlabel("seconds")
    for each in (faults, rate, backlog):
        each.grid(axis="x", alpha=0.3)
        each.set_xlim(0, len(seconds))
    for each in (rate, backlog):
        each.set_ylim(bottom=0)
    figure.savefig(path, metadata={"Date": None})


def _draw_faults(axes: Any, result: Result) -> None:
    for row, kinds in enumerate(_ROWS.values()):
        held = [each for each in result.inflicted if each.fault.kind in kinds]
        bars = [(each.began_at - result.began_at, max(1.0, each.ended_at - each.began_at)) for each in held]
        axes.broken_barh(bars, (row - 0.35, 0.7), color="tab:red")
    axes.set_yticks(range(len(_ROWS)), list(_ROWS))
    axes.set_ylim(len(_ROWS) - 0.5, -0.5)


def _sent(result: Result) -> list[float]:
    return [each.at for each in result.confirmed]


def _each_second(result: Result, moments: Iterable[float]) -> list[int]:
    counted = Counter(int(at - result.began_at) for at in moments)
    return [counted[second] for second in range(int(result.ended_at - result.began_at) + 1)]
