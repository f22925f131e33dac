"""Is an address on the public internet? What is not may be the worker's own network, or its cloud's metadata service.

Ranges: IANA's special-purpose registries as Python's ``ipaddress`` has them; IPv6 outside of 2000::/3 is not given out
(RFC 4291, 2.4). An IPv6 address that carries an IPv4 address is as public as that one.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_GIVEN_OUT = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052; a network's own NAT64 prefix cannot be known here


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, in the order to try them. Raises ``OSError``, and ``UnicodeError`` for no host name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


def is_public(text: str) -> bool:
    """Whether an address, as ``resolve`` gives it, is on the public internet."""
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        carried = _carried(address)
        if carried is None:
            return address in _GIVEN_OUT and address.is_global
        address = carried
    return address.is_global and not address.is_multicast


def _carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that the network would reach in the end. Teredo's is of no matter: its range is not global."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
