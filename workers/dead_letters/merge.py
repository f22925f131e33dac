"""What is merged into the payload of each of many? The fields of a JSON object, as RFC 7396 says: null removes one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schemas import strict_json
from schemas.strict_json import Json
from workers.dead_letters.differences import differences


@dataclass(frozen=True, slots=True)
class Merge:
    """One order to merge. ``audited``: each edit leaves a line of its own in the audit."""

    fields: dict[str, Any]
    force: bool = False
    dry_run: bool = False
    audited: bool = False

    @property
    def about(self) -> dict[str, Any]:
        """What the audit keeps of it."""
        return about(list(differences({}, self.fields)), forced=self.force)


def about(changed: Sequence[str], *, forced: bool) -> dict[str, Any]:
    """What the audit keeps of an edit: the names of the fields alone, for a value may be what nobody should read."""
    return {"changed": changed, "forced": True} if forced else {"changed": changed}


def fields_of(text: str) -> dict[str, Any]:
    """The fields that somebody wrote. Raises ``ValueError`` with a sentence for what is not to be merged."""
    parsed = strict_json.parse(text.encode("utf-8", "surrogateescape"))  # as a terminal gives what is no UTF-8
    if parsed.problems:  # in the place of what is wrong stands null, which would remove the field
        first = parsed.problems[0]
        raise ValueError(f"expected at {first.pointer or 'its root'}: {first.expected}")
    if not isinstance(parsed.value, dict) or not parsed.value:
        raise ValueError('it is no JSON object with a field, like {"price": "2.0"}')
    return parsed.value


def merged(old: Json, patch: Json) -> Json:
    """Objects are merged field by field, null removes one, anything else takes the place of the old."""
    if not isinstance(patch, dict):
        return patch
    kept = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            kept.pop(key, None)
        else:
            kept[key] = merged(kept.get(key), value)
    return kept
