"""Measures this service beside what one would pick instead, all in one run, taking turns.

``python -m bench.compare [--rounds N] [SIDE …]`` prints one table, keeps it in ``bench/results``, draws it, and writes
the page. Our service is always among the sides. Only a whole run is kept; some sides, or ``--quick``, are printed.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from bench.compare.block import half_loaded, many, singles
from bench.compare.comparison import DELAYS_S, OURS, Turn, figures, ratios, stub_share
from bench.compare.document import show, write
from bench.compare.plot import draw
from bench.compare.sides import KINDS, Kind
from bench.compare.versions import versions
from bench.lanes.cpu import keep_on_one_core
from bench.lanes.machine import load, machine
from bench.lanes.provider import Provider

ROOT = Path(__file__).parents[2]
RESULT = ROOT / "bench" / "results" / "compare.json"
PICTURE = ROOT / "docs" / "performance.svg"
PAGE = ROOT / "docs" / "performance.md"
WARM_UP = 10  # jobs for each place of the pool, so that every thread has its client
BLOCK = {0.0: 2000, 0.1: 20}  # jobs; with a delay, for each place of the pool
LEAST = 100  # jobs: processor time is told in hundredths of a second


def main() -> int:
    """Measure, print, keep, draw, and write the page. Exit code 1: a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description="This service beside others.")
    parser.add_argument("sides", nargs="*", choices=[[], *KINDS], metavar="SIDE", help=", ".join(KINDS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="small blocks, one round, nothing kept")
    wanted = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended, too
    names = [name for name in KINDS if name == OURS or not wanted.sides or name in wanted.sides]
    result = _measured(names, 1 if wanted.quick else wanted.rounds, 10 if wanted.quick else 1)
    print(show(result))
    if not wanted.quick and not wanted.sides:
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
        draw(result, PICTURE)
        write(result, PAGE)
    missed = sum(line["met"] is False for line in result["ratios"])
    print(f"\n{missed} goals missed" if missed else "\nevery goal met")
    return 1 if missed and not wanted.quick else 0


def _measured(names: Iterable[str], rounds: int, smaller: int) -> dict[str, Any]:
    before, began = load(), time.monotonic()
    turns: dict[str, list[Turn]] = {name: [] for name in names}
    with Provider(Path(mkdtemp())) as provider:
        for number in range(rounds):
            for name in random.sample(list(turns), len(turns)):  # in no order, so that no side always follows another
                print(f"round {number + 1} of {rounds}: {KINDS[name].title}", file=sys.stderr, flush=True)
                turns[name].append(_turn(KINDS[name], provider, smaller))
    return {
        "at": datetime.now(UTC).date().isoformat(),
        "rounds": rounds,
        "machine": machine(),
        "versions": versions(),
        "load": [before, load()],
        "took_s": round(time.monotonic() - began, 1),
        "stub_share": stub_share(turns),
        "ratios": [line.as_json() for line in ratios(turns)],
        "sides": {
            name: {"title": KINDS[name].title, "figures": [line.as_json() for line in figures(each)]}
            for name, each in turns.items()
        },
    }


def _turn(kind: Kind, provider: Provider, smaller: int) -> Turn:
    """A fresh worker and a fresh Valkey; both delays, then single jobs."""
    numbers = count(1)
    with kind.make(provider.url) as side:
        if kind.on_one_core:
            keep_on_one_core(side.worker.popen.pid)
        many(side, provider, numbers, WARM_UP * kind.at_once, 0.0)
        blocks = {}
        for delay_s in DELAYS_S:
            jobs = max(LEAST, BLOCK[delay_s] * (kind.at_once if delay_s else 1)) // smaller
            blocks[delay_s] = many(side, provider, numbers, jobs, delay_s)
        idle = singles(side, provider, numbers)
        busy = half_loaded(side, provider, numbers, blocks[0.0].jobs_per_s)
        return Turn(blocks, {"idle": idle, "half load": busy})


if __name__ == "__main__":
    sys.exit(main())
