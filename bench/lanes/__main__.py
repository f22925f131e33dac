"""Measures the figures of the lanes: all of them, or those that are named.

``python -m bench.lanes [--rounds N] [FIGURE …]`` prints each figure, keeps it in ``bench/results`` and writes the page.
Exit code 1: a goal was missed.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.lanes import (
    acceptance,
    dispatch_cost,
    due_jobs,
    finished,
    fsync,
    limit_use,
    memory,
    quiet_account,
    throttled,
)
from bench.lanes.document import rows, write
from bench.lanes.figure import Figure
from bench.lanes.machine import load, machine

FIGURES: dict[str, Callable[[int], Figure]] = {
    "limit-use": limit_use.measure,
    "quiet-account": quiet_account.measure,
    "dispatch-cost": dispatch_cost.measure,
    "memory": memory.measure,
    "throttled": throttled.measure,
    "due-jobs": due_jobs.measure,
    "acceptance": acceptance.measure,
    "finished": finished.measure,
    "fsync": fsync.measure,
}
ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "lanes-figures.md"


def main() -> int:
    """Measure, print, keep, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m bench.lanes", description="The figures of the lanes.")
    parser.add_argument("figures", nargs="*", choices=[[], *FIGURES], metavar="FIGURE", help=", ".join(FIGURES))
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended, too
    missed = 0
    for name in wanted.figures or FIGURES:
        result = _measured(name, wanted.rounds)
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"lanes-{name}.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
        _show(result)
        missed += sum(line["met"] is False for line in result["lines"])
    write(RESULTS, PAGE, list(FIGURES))
    print(f"{missed} goals missed" if missed else "every goal met")
    return 1 if missed else 0


def _measured(name: str, rounds: int) -> dict[str, Any]:
    about = {"name": name, "at": datetime.now(UTC).date().isoformat(), "machine": machine()}
    before, began = load(), time.monotonic()
    figure = FIGURES[name](rounds)
    return {**about, "took_s": round(time.monotonic() - began, 1), "load": [before, load()], **figure.as_json()}


def _show(result: dict[str, Any]) -> None:
    print(f"\n{result['question']}  (load {result['load'][0]:.1f} before, {result['load'][1]:.1f} after)")
    for what, goal, value, spread, met in rows(result):
        print(f"  {what:64} {goal:>8} {value:>16}  {spread:24} {met.strip('*')}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
