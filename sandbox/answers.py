"""What an operation answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer as a value. `applied` is the id of what the request created or changed, if it did."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    applied: str | None = None


def json_answer(
    value: Any,
    status: int = HTTPStatus.OK,
    *,
    headers: Mapping[str, str] | None = None,
    applied: str | None = None,
) -> Answer:
    body = json.dumps(value, separators=(",", ":")).encode()
    return Answer(int(status), body, JSON, headers or {}, applied)


def text_answer(text: str, status: int, content_type: str = "text/plain; charset=utf-8") -> Answer:
    return Answer(int(status), text.encode(), content_type)
