"""How does an option take a time span?"""

from __future__ import annotations

from workers import durations
from workers.cli.endings import WrongUsage


def seconds(text: str | None, option: str) -> float | None:
    """A span in seconds; None stays None. Raises ``WrongUsage`` for what is none."""
    if text is None:
        return None
    try:
        return durations.seconds(text)
    except ValueError as error:
        raise WrongUsage(f"{option} {text}: {error}") from error
