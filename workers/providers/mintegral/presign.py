"""Where may a file be put? Mintegral hands out an address in its storage, good for one file and a few minutes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from workers.http import Call
from workers.outcome import AttemptEnded, Rejected, Said, Unavailable
from workers.providers.mintegral.request import PRESIGN, ask

_SIGNING = 16  # characters: a shorter value of the address, such as its lifetime, is no secret


@dataclass(frozen=True, slots=True)
class Ticket:
    """A signed address, a secret while it lives (300 s in the page's example), and what to call the file then."""

    url: str = field(repr=False)
    data_path: str


def presign(call: Call, *, area_type: int, file_name: str, md5: str) -> Ticket:
    """Ask for an address, which is safe to repeat. The page's table gives wrong types, so only what is needed is read.

    Raises ``AttemptEnded``.
    """
    params = [("area_type", str(area_type)), ("file_name", file_name), ("file_md5", md5)]
    data = ask(call, "GET", PRESIGN, changes=False, params=params).json.get("data")
    given = data if isinstance(data, dict) else {}
    s3 = given.get("s3")
    if not isinstance(s3, dict):
        if "oss" in given:
            raise AttemptEnded(
                Rejected(Said("Mintegral wants the file in the storage of area_type 2: use area_type 1"))
            )
        raise AttemptEnded(_unclear("without data.s3"))
    return _ticket(s3, call)


def _ticket(s3: dict[str, Any], call: Call) -> Ticket:
    method, url, data_path = (s3.get(name) for name in ("method", "url", "data_path"))
    if isinstance(url, str):
        _keep_secret(url, call)
    if not isinstance(method, str) or method.strip().upper() != "PUT":
        raise AttemptEnded(_unclear("with a method other than PUT"))
    if not isinstance(url, str) or not _may_be_used(url, call.base_url):
        raise AttemptEnded(_unclear("without a URL that can be used"))
    if not isinstance(data_path, str) or not data_path:
        raise AttemptEnded(_unclear("without a data_path"))
    return Ticket(url, data_path)


def _may_be_used(url: str, base_url: str) -> bool:
    """An address of http or https with a host; not of http where the API itself is asked by https."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return named and url.isascii() and url.isprintable() and parts.scheme in ("https", urlsplit(base_url).scheme)


def _keep_secret(url: str, call: Call) -> None:
    query = url.partition("?")[2]
    call.secrets |= {url, query} - {""}
    call.secrets |= {value for _, value in parse_qsl(query) if len(value) >= _SIGNING}


def _unclear(how: str) -> Unavailable:
    return Unavailable(Said(f"Mintegral answered the request for an upload address {how}"))
