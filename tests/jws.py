"""How does a test sign a job, or forge one? By hand, with nothing but what every language has."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

KEY = "a-key-of-crm-that-is-long-enough-to-sign"
OTHER_KEY = "a-key-of-erp-that-is-long-enough-to-sign"
HEADER: dict[str, Any] = {"alg": "HS256", "kid": "crm"}


def part(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def jws(payload: bytes | dict[str, Any], key: str = KEY, header: bytes | dict[str, Any] | None = None) -> bytes:
    """A JWS whose MAC is right, whatever its header says."""
    raw_header, raw = (
        each if isinstance(each, bytes) else json.dumps(each).encode() for each in (header or HEADER, payload)
    )
    text = part(raw_header) + b"." + part(raw)
    return text + b"." + part(hmac.digest(key.encode(), text, hashlib.sha256))
