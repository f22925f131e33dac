"""Where do two JSON values differ? JSON Pointers, as deep as both are objects."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.canonical_json import canonical
from schemas.problem import pointer
from schemas.strict_json import Json


def differences(old: Json, new: Json, *path: str) -> Iterator[str]:
    """The pointers, in the order of the old one's fields, then of the new one's."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        if canonical(old) != canonical(new):
            yield pointer(*path)
        return
    for key in dict.fromkeys([*old, *new]):
        if key in old and key in new:
            yield from differences(old[key], new[key], *path, key)
        else:
            yield pointer(*path, key)
