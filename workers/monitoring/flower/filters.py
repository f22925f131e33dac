"""Which dead letters does a page ask for? The fields of its form, named as the options of the command."""

from __future__ import annotations

from collections.abc import Callable

from workers import durations
from workers.dead_letters.filter import Filter
from workers.monitoring.flower.page import Refused

TEXTS = ("provider", "account", "operation", "category", "provider_code", "text")
AGES = ("older_than", "newer_than")
FIELDS = (*TEXTS, "run", *AGES)


def filter_of(field: Callable[[str], str]) -> tuple[Filter, dict[str, str]]:
    """The filter, and what was given, for links. ``field`` reads one by its name. Raises ``Refused``."""
    given = {name: value for name in FIELDS if (value := field(name))}
    provider, account, operation, category, provider_code, text = map(given.get, TEXTS)
    older_than_s, newer_than_s = (_age(given.get(name)) for name in AGES)
    run = _run(given.get("run"))
    return Filter(
        provider, account, operation, category, provider_code, run, text, older_than_s, newer_than_s
    ), given  # fmt: skip


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
