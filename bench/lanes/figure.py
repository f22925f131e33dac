"""What does a measurement say? Figures of several lines, each with its goal and the spread of its rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Goal:
    """What a value must not go below, or above."""

    is_: Literal["at least", "at most"]
    bound: float

    def is_met(self, value: float) -> bool:
        return value >= self.bound if self.is_ == "at least" else value <= self.bound


@dataclass(frozen=True, slots=True)
class Line:
    """One measured value. ``value`` is what is held against the goal; ``rounds`` shows its spread."""

    what: str
    unit: str
    value: float
    rounds: tuple[float, ...]
    goal: Goal | None = None

    @classmethod
    def of(cls, what: str, unit: str, rounds: Sequence[float], goal: Goal | None = None) -> Line:
        """The median of the rounds."""
        return cls(what, unit, median(rounds), tuple(rounds), goal)

    @classmethod
    def worst(cls, what: str, unit: str, rounds: Sequence[float], goal: Goal) -> Line:
        """The round that is furthest from the goal: for what must never happen."""
        return cls(what, unit, (min if goal.is_ == "at least" else max)(rounds), tuple(rounds), goal)

    @property
    def met(self) -> bool | None:
        """None: there is no goal."""
        return None if self.goal is None else self.goal.is_met(self.value)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "met": self.met}


@dataclass(frozen=True, slots=True)
class Figure:
    """The answer of one measurement, with what a reader must know of its method."""

    question: str
    lines: tuple[Line, ...]
    method: str

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"question": self.question, "lines": [line.as_json() for line in self.lines], "method": self.method}
