"""What one request is to an operation."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tornado.httputil import HTTPHeaders

from sandbox.refusals import UnusableError
from sandbox.untrusted_json import read_object


@dataclass(frozen=True)
class Call:
    """A whole request: what the wire said, and the name of the credential it came with ("" if unknown)."""

    method: str
    path: str
    path_args: tuple[str, ...]
    query: Mapping[str, list[bytes]]
    headers: HTTPHeaders
    body: bytes
    origin: str
    account: str

    def param(self, name: str) -> str | None:
        """The last value of a query parameter; None if it is absent."""
        values = self.query.get(name)
        return values[-1].decode("utf-8", "replace") if values else None

    def params(self, name: str) -> list[str]:
        return [value.decode("utf-8", "replace") for value in self.query.get(name, [])]

    @cached_property
    def json(self) -> dict[str, Any]:
        """The body's JSON object; empty when the body is anything else."""
        try:
            return read_object(self.body)
        except UnusableError:
            return {}

    @property
    def media_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
