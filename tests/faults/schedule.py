"""What goes wrong when? A plan that the seed alone decides."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What can go wrong. The value is its word in the report."""

    WORKER_KILL = "kill -9 of a worker"
    WORKER_DEPLOY = "SIGTERM of a worker, and a new one"
    WORKER_FREEZE = "SIGSTOP of a worker beyond its leases, then SIGCONT"
    CLOCK_JUMP = "jump of a worker's wall clock"
    BROKER_KILL = "kill -9 of the broker"
    BROKER_RESTART = "restart of the broker"
    STATE_KILL = "kill -9 of the state store"
    STATE_RESTART = "restart of the state store"
    PROVIDER_SLOW = "slow way to a provider"
    PROVIDER_CUT = "cut way to a provider"
    STATE_SLOW = "slow way to the state store"
    STATE_CUT = "cut way to the state store"
    BROKER_CUT = "cut way to the broker"
    STORM = "429 with Retry-After: 5 to every lane at once"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """Begins ``at_s`` after the start and lasts ``for_s``. ``target`` is a worker's number or a provider's name."""

    at_s: float
    kind: Kind
    target: str
    for_s: float


@dataclass(frozen=True, slots=True)
class Size:
    """How large a run is."""

    jobs: int
    malformed: int
    workers: int
    plan_s: float
    """How long faults go on. Jobs come in for the first part of it, faster than the limits let them go."""
    calm_s: float
    """The longest pause between two faults of one target; the shortest is a third of it."""
    freeze_s: float
    """A running lease is the request's deadline (2 s here) and 15 s: a freeze is longer."""
    storms: int
    settle_s: float
    """How long it may last, once nothing goes wrong any more, until the next event comes."""


SHORT = Size(jobs=600, malformed=10, workers=3, plan_s=32, calm_s=14, freeze_s=18, storms=0, settle_s=60)
LONG = Size(jobs=10_000, malformed=100, workers=3, plan_s=540, calm_s=60, freeze_s=18, storms=3, settle_s=60)

BEFORE_A_STORM_S, AFTER_A_STORM_S = 22.0, 19.0  # a killed worker's leases last 17 s, and hold its lanes
_LAST_WORDS_S = 8.0  # a target is left alone so long after a fault, so that it stands again

_OF_WORKERS = (Kind.WORKER_KILL, Kind.WORKER_FREEZE, Kind.WORKER_DEPLOY, Kind.WORKER_KILL)
_OF_THE_CLOCK = (Kind.CLOCK_JUMP, Kind.WORKER_DEPLOY, Kind.CLOCK_JUMP, *_OF_WORKERS)


def planned(seed: int, size: Size) -> tuple[Fault, ...]:
    """Every fault of a run, by time. Targets fail independently, and so together; each only one thing at a time."""
    dice = random.Random(seed)
    storms = [
        Fault(size.plan_s * (number + 1) / (size.storms + 1), Kind.STORM, "every lane", 1.0)
        for number in range(size.storms)
    ]
    faults = list(storms)
    for turn, (target, kinds) in enumerate(_targets(size).items()):
        faults += [each for each in _of_one(target, kinds, turn, size, dice) if not _disturbs(each, storms)]
    return tuple(sorted(faults))


def _targets(size: Size) -> dict[str, tuple[Kind, ...]]:
    """What can happen to whom. The last worker is the one whose clock jumps."""
    last = size.workers - 1
    return {
        **{str(number): _OF_WORKERS for number in range(last)},
        str(last): _OF_THE_CLOCK,
        "broker": (Kind.BROKER_RESTART, Kind.BROKER_KILL),
        "state": (Kind.STATE_KILL, Kind.STATE_KILL, Kind.STATE_RESTART),
        "pubmatic": (Kind.PROVIDER_SLOW, Kind.PROVIDER_CUT),
        "mintegral": (Kind.PROVIDER_SLOW, Kind.PROVIDER_CUT),
        "way to the state": (Kind.STATE_SLOW, Kind.STATE_CUT),
        "way to the broker": (Kind.BROKER_CUT,),
    }


def _of_one(target: str, kinds: tuple[Kind, ...], turn: int, size: Size, dice: random.Random) -> Iterator[Fault]:
    """Its kinds in turn, beginning at another one than its neighbours."""
    at_s = dice.uniform(0.1, 0.5) * size.calm_s
    while True:
        kind = kinds[turn % len(kinds)]
        fault = Fault(round(at_s, 2), kind, target, round(_for_s(kind, size, dice), 2))
        if fault.at_s + fault.for_s > size.plan_s:
            return
        yield fault
        at_s += fault.for_s + _LAST_WORDS_S + dice.uniform(1 / 3, 1) * size.calm_s
        turn += 1


def _for_s(kind: Kind, size: Size, dice: random.Random) -> float:
    match kind:
        case Kind.WORKER_FREEZE:
            return size.freeze_s + dice.uniform(0, 4)
        case Kind.PROVIDER_SLOW | Kind.STATE_SLOW:
            return dice.uniform(3, 8)
        case Kind.PROVIDER_CUT | Kind.STATE_CUT | Kind.BROKER_CUT:
            return dice.uniform(0.05, 3)
        case Kind.BROKER_KILL | Kind.STATE_KILL:
            return dice.uniform(0, 2)  # how long it stays down
        case _:
            return 0.0


def _disturbs(fault: Fault, storms: list[Fault]) -> bool:
    ends_s = fault.at_s + fault.for_s
    return any(fault.at_s < storm.at_s + AFTER_A_STORM_S and ends_s > storm.at_s - BEFORE_A_STORM_S for storm in storms)
