"""How is a file read by https://? Raw, as it comes, and only where the server says where it ends."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote

import httpcore
import httpx

from workers.files.fetch import Access, answer, checked_url, place
from workers.files.source import Unusable, changed, check_size


@dataclass(frozen=True)
class _Edition:
    """What a server says of a content. With an equal ETag the date is of no matter: servers of one name may differ."""

    size: int | None
    etag: str | None
    modified: str | None

    @classmethod
    def of(cls, headers: httpx.Headers) -> Self:
        chunked = "transfer-encoding" in headers
        length = None if chunked else int(headers["content-length"])
        return cls(length, headers.get("etag"), headers.get("last-modified"))

    def differs(self, other: Self) -> bool:
        pairs = [(self.size, other.size), (self.etag, other.etag), (self.modified, other.modified)]
        size, etag, modified = (None not in pair and pair[0] != pair[1] for pair in pairs)
        return size or (modified if None in pairs[1] else etag)


@dataclass
class Https:
    """A file behind a URL. Nothing is asked before the first reading."""

    name: str
    _url: httpx.URL
    _access: Access
    _max_bytes: int | None
    size: int | None = None
    _first: _Edition | None = None

    @classmethod
    def named(cls, named: str, access: Access, max_bytes: int | None) -> Self:
        url = checked_url(named)
        name = unquote(url.raw_path.partition(b"?")[0].decode("ascii")).rpartition("/")[2]
        if not name:
            raise Unusable(f"{place(url)} has no name: its URL ends with a folder")
        return cls(name, url, access, max_bytes)

    def chunks(self) -> Generator[bytes]:
        """See ``Source``. A change shows in ETag, or date, or size."""
        with answer(self._url, self._access) as response:
            self._begin(response)
            read = 0
            for chunk in response.iter_stream():
                read += len(chunk)
                check_size(place(self._url), read, self._max_bytes)
                yield chunk
        self.size = read

    def _begin(self, response: httpcore.Response) -> None:
        headers = httpx.Headers(response.headers)
        if not headers.keys() & {"content-length", "transfer-encoding"}:
            raise Unusable(f"{place(self._url)} has no end: the server sends no Content-Length, so a cut goes unseen")
        now = _Edition.of(headers)
        check_size(place(self._url), now.size or 0, self._max_bytes)
        if self._first is not None and now.differs(self._first):
            raise changed(place(self._url))
        self._first = self._first or now
        self.size = now.size
