"""What is one request to a provider, and its answer? What went over the wire, when, and what of it may be shown."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from workers.redaction import redact

SHOWN_CHARACTERS = 2000
LONGEST_ANSWER = 16 * 1024  # bytes; a longer one is a list or a page, which nobody reads in a history


@dataclass(slots=True)
class Exchange:
    """One request and its answer, as far as they have come."""

    method: str
    host: str
    url: str
    """Without the query where that signs an upload."""
    body: Any
    """The JSON value that was sent; None where there was none, or the bytes of a file."""
    status: int | None = None
    """None: no whole answer came."""
    answer: bytes = b""
    """Empty where it is longer than ``LONGEST_ANSWER``: an attempt that reads many pages does not hold them."""
    answer_bytes: int = 0
    sent: bool = False
    """Whether it was let go."""
    began_at: float = field(default_factory=time.time)
    """When it was let go, in seconds since the epoch; when it was begun, if it never was."""
    took_s: float = 0.0

    def goes(self) -> None:
        """It is let go now."""
        self.sent, self.began_at = True, time.time()

    def ends(self, status: int | None = None, body: bytes = b"") -> None:
        """It ends now, with this answer if there is one."""
        self.took_s = max(0.0, time.time() - self.began_at)
        self.status, self.answer_bytes = status, len(body)
        self.answer = body if len(body) <= LONGEST_ANSWER else b""

    def shown(self, secrets: Iterable[str]) -> dict[str, Any]:
        """It as JSON, every secret removed. JSON bodies are searched by value: no escape hides a secret."""
        known = list(secrets)
        return {
            "method": self.method,
            "url": redact(self.url, known),
            "body": None if self.body is None else _text(self.body, known),
            "status": self.status,
            "answer": None if self.status is None else self._answer(known),
        }

    def _answer(self, known: list[str]) -> str:
        if self.answer_bytes > LONGEST_ANSWER:
            return f"({self.answer_bytes} bytes, not kept)"
        text = self.answer.decode("utf-8", "replace")
        try:
            return _text(json.loads(text), known)
        except (ValueError, RecursionError):
            return _cut(str(redact(text, known)))


def _text(value: Any, known: list[str]) -> str:
    return _cut(json.dumps(redact(value, known), ensure_ascii=False))


def _cut(text: str) -> str:
    """No half of a surrogate pair is left: the text has to go into UTF-8."""
    whole = text.encode("utf-8", "replace").decode()
    return whole if len(whole) <= SHOWN_CHARACTERS else f"{whole[:SHOWN_CHARACTERS]}… ({len(whole)} characters)"
