"""What do a worker's signs say? Whether it lives, and whether it is ready: sentences about what is wrong, or none."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

BROKER = "broker"
"""The thread that asks the broker whether it answers."""
STILL_S = 15.0
"""A process whose file is older does not run: it writes one every two seconds."""
STUCK_S = 600.0
"""A turn takes a second or five; against a server that takes connections and never answers, over three minutes."""
SLOW_S = 30.0
"""A turn that takes longer does not get on: what it reaches for does not answer."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The last turn of one thread: when it ended, by the monotonic clock, and whether it failed."""

    ended_at: float
    failed: bool


@dataclass(frozen=True, slots=True)
class Signs:
    """What a worker has written of itself. ``celery_turned_at`` is None until Celery is connected."""

    pid: int
    written_at: float
    celery_turned_at: float | None
    turns: Mapping[str, Turn]


def read(path: Path) -> Signs | None:
    """The signs that a worker left. None: there are none that can be read."""
    try:
        found = json.loads(path.read_text())
        turns = {name: Turn(**turn) for name, turn in found.pop("turns").items()}
        return Signs(**found, turns=turns)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def against_life(signs: Signs, now: float) -> Iterator[str]:
    """Why this worker should be ended and started again. A server that is out is no reason: threads wait in turns."""
    if not _is_there(signs.pid):
        yield f"its process {signs.pid} is gone"
    elif not 0 <= now - signs.written_at <= STILL_S:
        yield f"its process does not run: the last sign of it is {now - signs.written_at:.0f} s old"
    else:
        for name, turn in signs.turns.items():
            if now - turn.ended_at > STUCK_S:
                yield f"{name} has been at one turn for {now - turn.ended_at:.0f} s"
        # Without a broker Celery waits, and is right to.
        broker_answers = BROKER in signs.turns and not signs.turns[BROKER].failed
        if broker_answers and signs.celery_turned_at is not None and now - signs.celery_turned_at > STUCK_S:
            yield "Celery takes no turn, though the broker answers"


def against_work(signs: Signs, now: float) -> Iterator[str]:
    """Why this worker gets no work done now."""
    for name, turn in signs.turns.items():
        if turn.failed:
            yield f"{name} fails: the state store or the broker does not answer; the log of the worker says which"
        elif now - turn.ended_at > SLOW_S:
            yield f"{name} has been at one turn for {now - turn.ended_at:.0f} s"
    if signs.celery_turned_at is None:
        yield "Celery has not connected to the broker yet"
    elif now - signs.celery_turned_at > STILL_S:
        yield f"Celery has taken no turn for {now - signs.celery_turned_at:.0f} s: it has lost the broker, or is stuck"


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
