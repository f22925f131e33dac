"""What does an https:// server answer? Redirects are followed, each hop checked anew, and what fails is a sentence.

httpcore, below httpx, because here a network backend is a public argument, and nothing logs a URL. Proxies of the
environment are not used: behind one, nobody here would see which address is reached.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import httpcore
import httpx

from workers.files.pinned import Pinned
from workers.files.source import Unreachable, Unusable

MAX_REDIRECTS = 5
MAX_HOST = 253
"""Characters of a host's name (RFC 1035, 2.3.4): errors quote it."""

_HEADERS = (("Accept", "*/*"), ("Accept-Encoding", "identity"), ("User-Agent", "audience-workers"))
_REDIRECTS = (301, 302, 303, 307, 308)
_LATER = (408, 425, 429, *range(500, 600))
_HINTS = {
    401: "it wants credentials, and a job may name public or signed URLs only",
    403: "it does not permit the reading; a signed URL may have expired",
    404: "it has no such file",
    410: "it has the file no more",
}


@dataclass(frozen=True)
class Access:
    """Whom a worker may ask, and how long it waits. See ``Files``."""

    private_hosts: frozenset[str]
    timeout_s: float


def checked_url(text: str) -> httpx.URL:
    """The URL, if a job may name it. Raises ``Unusable``, which quotes nothing of it."""
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise Unusable("the file's URL cannot be read: check it") from None
    if url.scheme != "https" or not url.host:
        raise Unusable("the file's URL, or a redirect from it, is not https:// with a host: use https:// only")
    if len(url.raw_host) > MAX_HOST:
        raise Unusable("the file's URL names a host that is longer than any host's name: check it")
    if url.userinfo:
        raise Unusable("the file's URL holds a user name: a job carries no credentials, use a signed URL")
    return url


@contextmanager
def answer(url: httpx.URL, access: Access) -> Iterator[httpcore.Response]:
    """The server's 200, its body not yet read. Everything is closed at the end.

    Raises ``Unusable`` and ``Unreachable``, also for httpcore's errors while the body is read inside the block.
    """
    tls = httpx.create_ssl_context()  # knows SSL_CERT_FILE
    with httpcore.ConnectionPool(ssl_context=tls, network_backend=Pinned(access.private_hosts)) as pool:
        for _ in range(MAX_REDIRECTS + 1):
            with _sentences(url), _get(pool, url, access.timeout_s) as response:
                if response.status not in _REDIRECTS:
                    _check_status(url, response.status)
                    yield response
                    return
                url = _target(url, response)
    raise Unusable(f"the file's URL leads through more than {MAX_REDIRECTS} redirects: name the last one")


def place(url: httpx.URL) -> str:
    """How an error calls the file: path and query may be a secret."""
    return f"the file at https://{url.netloc.decode('ascii')}"


def _get(pool: httpcore.ConnectionPool, url: httpx.URL, timeout_s: float) -> AbstractContextManager[httpcore.Response]:
    """The parts go over as they are: a second parser might find another host in the same text."""
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), timeout_s)
    headers = (("Host", url.netloc), *_HEADERS)
    return pool.stream("GET", target, headers=headers, extensions={"timeout": timeouts})


def _target(url: httpx.URL, response: httpcore.Response) -> httpx.URL:
    location = httpx.Headers(response.headers).get("location")
    if not location:
        raise Unusable(f"{place(url)} is answered with {response.status} and no address to go to")
    try:
        return checked_url(str(url.join(location)))
    except (httpx.InvalidURL, ValueError):
        raise Unusable(f"{place(url)} is answered with a redirect that cannot be read") from None


def _check_status(url: httpx.URL, status: int) -> None:
    if status in _LATER:
        raise Unreachable(f"{place(url)} cannot be had now: the server answers {status}")
    if status != httpx.codes.OK:
        hint = _HINTS.get(status, "only 200 brings a file")
        raise Unusable(f"{place(url)} cannot be read: the server answers {status}, {hint}")


@contextmanager
def _sentences(url: httpx.URL) -> Iterator[None]:
    """What httpcore raises, by what happens next. Its own texts may hold parts of the answer."""
    try:
        yield
    except httpcore.TimeoutException:
        raise Unreachable(f"{place(url)} cannot be had now: its server keeps the worker waiting") from None
    except httpcore.NetworkError as error:
        if isinstance(error.__context__, ssl.SSLCertVerificationError):  # httpcore takes the cause away
            raise Unusable(
                f"{place(url)} cannot be trusted: mend its certificate, or let the operator trust it by SSL_CERT_FILE"
            ) from None
        raise Unreachable(f"{place(url)} cannot be had now: no connection, or it was lost") from None
    except httpcore.RemoteProtocolError:
        raise Unreachable(f"{place(url)} cannot be had now: the answer is not HTTP, or it broke off") from None
    except (httpcore.LocalProtocolError, httpcore.UnsupportedProtocol):
        raise Unusable(f"{place(url)} cannot be asked for: check the URL") from None
