"""How does a program reach the broker? By kombu, certificates verified, and no wait without an end."""

from __future__ import annotations

import random
import ssl
from typing import Any
from urllib.parse import urlsplit

from kombu import Connection

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 10.0


def connect(url: str, *, heartbeat_s: float = 0) -> Connection:
    """A kombu connection, not yet opened. Seconds between heartbeats: only for who checks them.

    The nodes that an AMQP URL names are tried in any order, so that not every program connects to the first one.
    The URL is kombu's; of Sentinels it ends with the name of their master: ``sentinel://host:26379#mymaster``.
    """
    if is_amqp(url):
        nodes = url.split(";")
        url = ";".join(random.sample(nodes, len(nodes)))
    return _Connection(
        url,
        ssl=_tls(url),
        transport_options=_transport_options(url),
        connect_timeout=CONNECT_TIMEOUT_S,
        heartbeat=heartbeat_s,
    )


class _Connection(Connection):  # type: ignore[misc]  # kombu has no types
    """To the next node of a URL by its own name: kombu 5.7.0 would look for the first one's in its certificate."""

    ssl: Any

    def switch(self, conn_str: str) -> None:
        super().switch(conn_str)
        if isinstance(self.ssl, dict) and "server_hostname" in self.ssl:
            self.ssl = {**self.ssl, "server_hostname": self.hostname}


def is_amqp(url: str) -> bool:
    return url.partition("://")[0] in {"amqp", "amqps", "pyamqp"}


def _transport_options(url: str) -> dict[str, Any]:
    if is_amqp(url):
        return {"confirm_publish": True, "read_timeout": ANSWER_TIMEOUT_S, "write_timeout": ANSWER_TIMEOUT_S}
    options = {"socket_timeout": ANSWER_TIMEOUT_S, "socket_connect_timeout": CONNECT_TIMEOUT_S}
    # The master that Sentinels watch: kombu knows no place for its name in a URL, and does not read a fragment.
    master = urlsplit(url.rpartition(";")[2]).fragment
    return {**options, "master_name": master} if master else options


def _tls(url: str) -> dict[str, Any] | bool:
    scheme = url.partition("://")[0]
    if scheme == "amqps":
        return {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": urlsplit(url).hostname}
    return {"ssl_cert_reqs": ssl.CERT_REQUIRED} if scheme == "rediss" else False
