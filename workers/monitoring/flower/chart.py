"""How is a course of numbers drawn? As one line and the area below it, in coordinates of an SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600, 120


@dataclass(frozen=True, slots=True)
class Chart:
    """``line`` and ``area`` are SVG points; ``newest`` and ``most`` are for the words beside them."""

    name: str
    line: str
    area: str
    newest: float
    most: float
    seconds: float


def chart(name: str, points: Sequence[tuple[float, float]], least_top: float = 1.0) -> Chart | None:
    """``points``: time in seconds and value, the oldest first. None for fewer than two: there is no line yet."""
    if len(points) < 2:  # noqa: PLR2004
        return None
    began, ended = points[0][0], points[-1][0]
    most = max(value for _, value in points)
    top = max(most, least_top)

    def place(at: float, value: float) -> str:
        return f"{(at - began) / (ended - began) * WIDTH:.1f},{HEIGHT - 2 - value / top * (HEIGHT - 6):.1f}"

    line = " ".join(place(at, value) for at, value in points)
    return Chart(name, line, f"0,{HEIGHT} {line} {WIDTH},{HEIGHT}", points[-1][1], most, ended - began)
