"""When two jobs ask for the same."""

import hashlib
import json

from schemas.strict_json import Json


def canonical(value: Json) -> bytes:
    """One spelling for each JSON value: keys sorted, no spaces, UTF-8, 1.0 written like 1.

    For equality only, and not RFC 8785: keys sort by code point. `value` is one that `strict_json` found
    nothing wrong with.
    """
    plain = _spelled_once(value)
    return json.dumps(plain, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def digest(operation: str, payload: Json) -> str:
    """SHA-256, hex, of what makes two jobs of one id the same: operation and payload, nothing else."""
    return hashlib.sha256(canonical({"operation": operation, "payload": payload})).hexdigest()


def _spelled_once(value: Json) -> Json:
    match value:
        case dict():
            return {key: _spelled_once(each) for key, each in value.items()}
        case list():
            return [_spelled_once(each) for each in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value
