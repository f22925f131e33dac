"""From where may Flower be reached? Without authentication from this machine only, and by no page of another site."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"


def authenticates(options: Any) -> bool:
    """Whether Flower asks who one is. ``options`` are Flower's."""
    return bool(options.basic_auth or options.auth)


def refusal(options: Any) -> str | None:
    """Why Flower must not listen as its options say; None if it may."""
    if authenticates(options) or options.unix_socket or is_loopback(options.address):
        return None
    return (
        f"Flower shows and steers every worker: to listen on {options.address or 'every address'}, "
        "set FLOWER_BASIC_AUTH=user:password or Flower's --auth, or leave --address out"
    )


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def asks_for_loopback(host: str) -> bool:
    """Whether the Host of a request is this machine's own name.

    A page elsewhere can let its own name lead to a reader's loopback (DNS rebinding); the Host then tells it.
    """
    return is_loopback(urlsplit(f"//{host}").hostname or "")


def stranger(options: Any, request: Any) -> str | None:
    """Why a request is not answered, whoever has sent it; None if it may be.

    A token is what stops forms of other sites. But a page on another port of this machine, or on a sibling of this
    host, can plant its cookie, and Flower's API asks for none: so what the browser says of the sender counts, too.
    """
    if not (authenticates(options) or options.unix_socket or asks_for_loopback(request.host)):
        return "Without authentication Flower answers on this machine only: open it as localhost."
    if request.method == "POST" and _is_sent_from_elsewhere(options, request):
        return "This was sent by a page of another site: load Flower's own page, and do it there."
    return None


def _is_sent_from_elsewhere(options: Any, request: Any) -> bool:
    """Whether a browser says so.

    Over plain HTTP it leaves Sec-Fetch-Site out, unless Flower is asked for as localhost; Origin it sends with every
    POST. Without authentication Origin may rightly differ: a proxy in front sends its own Host.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site not in {"same-origin", "none"}
    return authenticates(options) and origin is not None and origin.partition("://")[2] != request.host
