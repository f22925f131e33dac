"""What is a request before it leaves? Its address, its head and its body, as they go over the wire.

httpx reads addresses, but one for every request, and each letter of it in Python, took a tenth of all that the thread
of a job did. Ours all begin with the address of their provider's API, which is read once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import httpx

_PORTS = {"http": 80, "https": 443}
_OURS = {"host", "content-length", "transfer-encoding"}
_TARGET = re.compile(r"/[!-\"$-~]*")  # what goes over the wire as it is: no space, no fragment
_WITH_A_BODY = {"POST", "PUT", "PATCH"}  # methods whose servers may want to be told that there is none (RFC 9110, 8.6)


class Address(NamedTuple):
    """A server, and what it is asked for."""

    origin: str
    """Scheme and server, as a URL begins."""
    host: str
    """In ASCII; an IPv6 address without its brackets."""
    port: int
    target: str
    """Path and query."""

    def __str__(self) -> str:
        return self.origin + self.target

    @property
    def is_secure(self) -> bool:
        """Whether TLS is spoken there."""
        return self.origin.startswith("https:")

    @property
    def server(self) -> str:
        """As the header ``Host`` has it."""
        return self.origin.partition("//")[2]

    def below(self, place: str) -> Address:
        """An address whose path begins with this one's. ``place`` is a quoted path from a slash on, with its query."""
        return self._replace(target=self.target.rstrip("/") + place)


def address_of(url: str) -> Address:
    """Read a URL. Raises ``httpx.InvalidURL``, or ``httpx.UnsupportedProtocol`` where it leads to no server of HTTP."""
    read = httpx.URL(url)
    port = read.port or _PORTS.get(read.scheme, 0)
    if read.scheme not in _PORTS or not read.raw_host or port >= 1 << 16:
        raise httpx.UnsupportedProtocol(f"{read.scheme}://{read.netloc.decode('ascii')} is no address of HTTP")
    origin = f"{read.scheme}://{read.netloc.decode('ascii')}"
    return Address(origin, read.raw_host.decode("ascii"), port, read.raw_path.decode("ascii"))


@dataclass(frozen=True, slots=True)
class Request:
    """One request; its headers are without ``Host`` and ``Content-Length``."""

    method: str
    address: Address
    headers: Mapping[str, str]
    body: Iterable[bytes] = ()
    size: int = 0
    """Bytes of the body."""

    def pieces(self) -> Iterator[bytes]:
        """It as it goes over the wire: the head with what there is of the body at once, and the body's rest.

        Raises ``httpx.LocalProtocolError`` where the server would read another request than was meant.
        """
        left, head = self.size, self._head()
        for piece in self.body:
            left -= len(piece)
            if left < 0:
                raise httpx.LocalProtocolError("the body is longer than its head says")
            yield head + piece
            head = b""
        if left:
            raise httpx.LocalProtocolError("the body is shorter than its head says")
        if head:
            yield head

    def _head(self) -> bytes:
        if not _TARGET.fullmatch(self.address.target):
            raise httpx.LocalProtocolError("the address is not quoted, or its path does not begin with a slash")
        if not _OURS.isdisjoint(map(str.lower, self.headers)):
            raise httpx.LocalProtocolError("a header says where the request goes, or how long it is")
        lines = [f"{self.method} {self.address.target} HTTP/1.1", f"Host: {self.address.server}"]
        lines += [name + ": " + value for name, value in self.headers.items()]  # fails on what is no text
        if self.size or self.method in _WITH_A_BODY:
            lines.append(f"Content-Length: {self.size}")
        head = "\r\n".join([*lines, "", ""])
        if not head.count("\r") == head.count("\n") == len(lines) + 1 or "\0" in head:
            raise httpx.LocalProtocolError("a header holds the end of a line, or a zero")
        if not head.isascii():
            raise httpx.LocalProtocolError("a header is not ASCII")
        return head.encode("ascii")
