"""What came of all rounds? Every side's figures, and this service's over the others', each against its goal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bench.compare.block import Block
from bench.compare.sides import KINDS
from bench.lanes.arithmetic import percentile
from bench.lanes.figure import Goal, Line

OURS, CELERY = "ours", "celery-threads"
ON_RABBITMQ, CELERY_ON_RABBITMQ = "ours-rabbitmq", "celery-rabbitmq"
FEWER_THREADS = "ours-fewer"
ON_ONE_CORE, DRAMATIQ_ON_ONE_CORE = "ours-one-core", "dramatiq-one-core"
BESIDE = {CELERY_ON_RABBITMQ: ON_RABBITMQ, DRAMATIQ_ON_ONE_CORE: ON_ONE_CORE}  # which of ours; else the plain one
DELAYS_S = (0.0, 0.1)
DELAYED_S = DELAYS_S[-1]
BESIDE_CELERY = Goal("at most", 1.2)
GOALS = {CELERY: BESIDE_CELERY, CELERY_ON_RABBITMQ: BESIDE_CELERY, "dramatiq": Goal("at most", 1.0)}
BUSY = Goal("at least", 0.9)


@dataclass(frozen=True, slots=True)
class Turn:
    """One side in one round."""

    blocks: Mapping[float, Block]
    """By the provider's delay in seconds."""
    latencies_s: Mapping[str, Sequence[float]]
    """From submit to request, of single jobs: idle, and at half load."""


Rounds: TypeAlias = Mapping[str, Sequence[Turn]]
"""By the name of the side; every side has as many."""


def ratios(rounds: Rounds) -> list[Line]:
    """What has a goal, or puts it into proportion. Each is a ratio of one round, whose sides ran close together."""
    lines = []
    for delay_s in DELAYS_S:
        for name in rounds:
            ours = BESIDE.get(name, OURS)
            if name in {OURS, ON_RABBITMQ, FEWER_THREADS} or ours not in rounds:
                continue
            what = f"CPU of a job at {delay_s * 1000:g} ms: {KINDS[ours].title} / {KINDS[name].title}"
            ratio = _over(rounds, ours, name, delay_s, lambda block: block.cpu_ms)
            lines.append(Line.of(what, "ratio", ratio, GOALS.get(name)))
        what = f"CPU with Redis' share at {delay_s * 1000:g} ms: this service / {KINDS[CELERY].title}"
        if CELERY in rounds:
            whole = _over(rounds, OURS, CELERY, delay_s, lambda block: block.cpu_ms + block.redis_ms)
            lines.append(Line.of(what, "ratio", whole))
    return lines + [_busy(name, rounds[name]) for name in (OURS, FEWER_THREADS) if name in rounds]


def _busy(name: str, turns: Sequence[Turn]) -> Line:
    """The share of its threads that have a request at the provider."""
    kind = KINDS[name]
    shares = [turn.blocks[DELAYED_S].in_flight / kind.at_once for turn in turns]
    what = f"share of {kind.at_once} threads with a request at the provider, {DELAYED_S * 1000:g} ms: {kind.title}"
    return Line.of(what, "of 1", shares, BUSY)


def _over(rounds: Rounds, ours: str, other: str, delay_s: float, cost: Callable[[Block], float]) -> list[float]:
    pairs = zip(rounds[ours], rounds[other], strict=True)
    return [cost(one.blocks[delay_s]) / cost(its.blocks[delay_s]) for one, its in pairs]


def figures(turns: Sequence[Turn]) -> list[Line]:
    """One side's figures. A latency is that of all rounds' jobs together, its spread that of single rounds."""
    lines = []
    for delay_s in DELAYS_S:
        at, blocks = f"{delay_s * 1000:g} ms", [turn.blocks[delay_s] for turn in turns]
        lines += [
            Line.of(f"CPU of a job, {at}", "ms", [block.cpu_ms for block in blocks]),
            Line.of(f"Redis' CPU of a job, {at}", "ms", [block.redis_ms for block in blocks]),
            Line.of(f"jobs per core and second, {at}", "", [1000 / block.cpu_ms for block in blocks]),
            Line.of(f"jobs/s of the worker, {at}", "", [block.jobs_per_s for block in blocks]),
        ]
    lines.append(
        Line.of("requests at the provider at once, 100 ms", "", [t.blocks[DELAYED_S].in_flight for t in turns])
    )
    for load in turns[0].latencies_s:
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            pooled = percentile([each for turn in turns for each in turn.latencies_s[load]], share) * 1000
            spread = tuple(percentile(turn.latencies_s[load], share) * 1000 for turn in turns)
            lines.append(Line(f"submit to request, {load}, {name}", "ms", pooled, spread))
    return lines


def stub_share(rounds: Rounds) -> float:
    """The largest share of a core that the stub needed in any block."""
    return max(block.stub_share for turns in rounds.values() for turn in turns for block in turn.blocks.values())
