"""Which dead letters does a page ask for? The fields of its form, named as the options of the command.

A field that is left empty asks for any. What a dead letter is to have none of stands in a field of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from workers import durations
from workers.dead_letters.filter import ALIKE, Filter
from workers.monitoring.flower.page import Refused

TEXTS = ("provider", "account", "operation", "category", "provider_code", "text")
AGES = ("older_than", "newer_than")
WITHOUT = "without"
FIELDS = (*TEXTS, WITHOUT, "run", *AGES)


def filter_of(field: Callable[[str], str]) -> tuple[Filter, dict[str, str]]:
    """The filter, and what was given, for links. ``field`` reads one by its name. Raises ``Refused``."""
    given = {name: value for name in FIELDS if (value := field(name))}
    provider, account, operation, category, provider_code, text = map(given.get, TEXTS)
    older_than_s, newer_than_s = (_age(given.get(name)) for name in AGES)
    run, without = _run(given.get("run")), _without(given.get(WITHOUT, ""))
    return Filter(
        provider, account, operation, category, provider_code, run, text, older_than_s, newer_than_s, without
    ), given  # fmt: skip


def kind(alike: Iterable[str | None]) -> dict[str, str]:
    """The fields that let through what has all this in common, in the order of ``ALIKE``, and nothing else."""
    known = dict(zip(ALIKE, alike, strict=True))
    without = " ".join(name for name, value in known.items() if not value)
    return {name: value for name, value in {**known, WITHOUT: without}.items() if value}


def _without(text: str) -> tuple[str, ...]:
    for name in text.split():
        if name not in ALIKE:
            raise Refused(f"There is no “{name}” to have none of: it is some of {', '.join(ALIKE)}.", 400)
    return tuple(text.split())


def _age(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return durations.seconds(text)
    except ValueError as error:
        raise Refused(f"An age of “{text}”: {error}.", 400) from error


def _run(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 9:  # noqa: PLR2004 - a run is a small number
        raise Refused(f"A run is a number like 1: “{text}” is none.", 400)
    return int(text)
