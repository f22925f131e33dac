"""What of a job is not shown? The query of a URL: that of a presigned one is a credential."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

HIDDEN = "[hidden]"

# As it may stand in JSON, too, where a slash may have a backslash before it.
_URL = re.compile(r"""((?:https?|s3|gs):(?:\\?/){2}[^\s"'<>?#]+\?)([^\s"'<>]+)""")

# An object in base64url, empty or not, and what comes after: no signature at all, if somebody forged or cut it.
_JWS = re.compile(r"\b(e30|e[wy][A-Za-z0-9_-]{6,})\.[A-Za-z0-9_.=-]{8,}")


def masked(value: Any) -> Any:
    """The same text or JSON value, with the query of each URL in it hidden."""
    return _in_texts(value, lambda text: _URL.sub(rf"\1{HIDDEN}", text))


def without_jws(value: Any) -> Any:
    """The same without what stands in a JWS, which nobody reads so, and where no query would be found."""
    return _in_texts(value, lambda text: _JWS.sub(rf"\1.{HIDDEN}", text))


def _in_texts(value: Any, hidden: Callable[[str], str]) -> Any:
    match value:
        case str():
            return hidden(value)
        case dict():
            return {hidden(key): _in_texts(each, hidden) for key, each in value.items()}
        case list() | tuple():
            return [_in_texts(each, hidden) for each in value]
        case _:
            return value


def masked_attempts(attempts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Attempts, with the addresses of their own requests whole: what signs one was left out when it was kept."""
    shown: list[dict[str, Any]] = masked(attempts)
    for each, original in zip(shown, attempts, strict=True):
        for exchange, its in zip(each["exchanges"], original["exchanges"], strict=True):
            exchange["url"] = its["url"]
    return shown


def unmasked(edited: str, original: str) -> str:
    """An edited text with each hidden query as in the original. Raises ``ValueError`` where that cannot be told."""
    known: dict[str, set[str]] = {}
    for url, query in _URL.findall(original):
        known.setdefault(url, set()).add(query)

    def shown(match: re.Match[str]) -> str:
        if match[2] != HIDDEN:
            return match[0]
        if len(known.get(match[1], ())) != 1:
            raise ValueError(f"the query of {match[1]}{HIDDEN} cannot be told: write that URL whole")
        return match[1] + next(iter(known[match[1]]))

    return _URL.sub(shown, edited)
