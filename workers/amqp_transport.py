"""How does kombu reach RabbitMQ over TLS, where each node of a cluster has a certificate of its own?"""

from __future__ import annotations

from typing import Any

from kombu.transport import pyamqp


class EachNodeByItsName(pyamqp.SSLTransport):  # type: ignore[misc]  # kombu has no types
    """For ``amqps://``. kombu 5.7.0 has one name for all nodes of a URL, and would refuse every node but the first."""

    def establish_connection(self) -> Any:
        self.client.ssl = {**self.client.ssl, "server_hostname": self.client.hostname}
        return super().establish_connection()
