"""Where are the metrics served? On a port of each worker that has one set, and on Flower's own ``/metrics``."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import REGISTRY, disable_created_metrics, start_http_server

from workers.config import ProviderConfig
from workers.monitoring.metrics.counts import Counts
from workers.monitoring.metrics.standing import Standing
from workers.monitoring.queues import queues_at
from workers.news import listen
from workers.settings import Settings, SettingsError


def serve(settings: Settings, redis_url: str, broker_url: str, configs: Mapping[str, ProviderConfig]) -> None:
    """Count from now on, and serve ``/metrics`` in a thread. Raises ``SettingsError`` if the port cannot be had."""
    export_state(redis_url, broker_url, configs)
    # A series more for each counter, which no query of ours reads.
    disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no types
    listen(Counts(REGISTRY, configs).hear)
    try:
        start_http_server(settings.metrics_port or 0, settings.metrics_address)
    except OSError as error:
        raise SettingsError(
            f"AUDIENCE_METRICS_PORT: {settings.metrics_address}:{settings.metrics_port} cannot be listened on "
            f"({error.strerror}); each worker of one machine needs a port of its own"
        ) from error


def export_state(redis_url: str, broker_url: str, configs: Mapping[str, ProviderConfig]) -> None:
    """Let the process's registry, which Flower serves as well, tell how the state stands."""
    REGISTRY.register(Standing(redis_url, queues_at(broker_url), configs))
