"""What must never be shown? Every secret that an attempt has read, wherever in its answer the provider put it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from workers.outcome import Outcome, Succeeded

SHOWN_INSTEAD = "[secret]"
_SHORTEST = 4  # a shorter secret would blank out half of every sentence


def redacted(outcome: Outcome, secrets: Iterable[str]) -> Outcome:
    """The outcome as events, logs, history and Flower may show it."""
    known = _sought(secrets)
    if isinstance(outcome, Succeeded):
        return Succeeded(_redact(outcome.result, known), tuple(_redact(outcome.warnings, known)))
    said = outcome.said
    return replace(outcome, said=replace(said, message=_redact(said.message, known), code=_redact(said.code, known)))


def redact(value: Any, secrets: Iterable[str]) -> Any:
    """A JSON value with every secret in its texts replaced."""
    return _redact(value, _sought(secrets))


def _sought(secrets: Iterable[str]) -> list[str]:
    """The longest first: a short one may be a part of it."""
    return sorted((secret for secret in secrets if len(secret) >= _SHORTEST), key=len, reverse=True)


def _redact(value: Any, known: list[str]) -> Any:
    match value:
        case str():
            for secret in known:
                value = value.replace(secret, SHOWN_INSTEAD)
            return value
        case dict():
            return {_redact(key, known): _redact(each, known) for key, each in value.items()}
        case list() | tuple():
            return [_redact(each, known) for each in value]
        case _:
            return value
