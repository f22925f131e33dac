"""To which address does a connection for a job's URL go? To one that was checked, and no second look-up is made.

A host name may lead to a public address when it is checked and to a private one a moment later (DNS rebinding).
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import httpcore

from workers.files.addresses import is_public, resolve
from workers.files.source import Unreachable, Unusable


class Pinned(httpcore.NetworkBackend):
    """Connects to public addresses, and to any address of ``private_hosts``."""

    def __init__(self, private_hosts: frozenset[str]) -> None:
        self._private_hosts = private_hosts
        self._tcp = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first of the host's addresses that takes the connection, ``timeout`` for all of them."""
        ends_at = None if timeout is None else time.monotonic() + timeout
        failed: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._checked(host, port):
            left = None if ends_at is None else ends_at - time.monotonic()
            if left is not None and left <= 0:
                break
            try:
                return self._tcp.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    def _checked(self, host: str, port: int) -> list[str]:
        try:
            addresses = resolve(host, port)
        except UnicodeError as error:
            raise Unusable("the file's URL names a host that no host can be called: check it") from error
        except OSError as error:
            raise Unreachable(f"the file's host {host} cannot be found now: check its name") from error
        if not self._may_be_private(host, port) and not all(map(is_public, addresses)):
            raise Unusable(
                f"the file's host {host} has an address that is not public: "
                "name a public one, or let the operator add it to AUDIENCE_FILES_PRIVATE_HOSTS"
            )
        return addresses

    def _may_be_private(self, host: str, port: int) -> bool:
        with_port = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return not self._private_hosts.isdisjoint((host, f"[{host}]", with_port))
