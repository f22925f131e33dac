"""How does kombu reach RabbitMQ over TLS, where each node of a cluster has a certificate of its own?"""

from __future__ import annotations

from typing import Any

from kombu.transport import pyamqp


class EachNodeByItsName(pyamqp.SSLTransport):  # type: ignore[misc]  # kombu has no types
    """For ``amqps://``. kombu 5.7.0 has one name for all nodes of a URL, and would refuse every node but the first."""

    def establish_connection(self) -> Any:
        name = self.client.hostname
        self.client.ssl = {**self.client.ssl, "server_hostname": name}
        try:
            return super().establish_connection()
        finally:
            self.client.hostname = name  # kombu makes 127.0.0.1 of localhost: the next attempt asks for the name again
