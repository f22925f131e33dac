"""How does the state stand? Gauges, read when they are asked for: one step for each provider, and the broker's queues.

Every process that serves them tells the same, so take the maximum over instances. What cannot be read is left out, and
``audience_state_up`` or ``audience_broker_up`` is 0.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import redis
import structlog
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import Metric

from workers.config import ProviderConfig
from workers.lanes.keys import JOBS_STREAM, REJECTED
from workers.lanes.look import Lane, Seen, look
from workers.monitoring.lanes import spent
from workers.monitoring.queues import PROMPT_S, Queues
from workers.redis_address import client_at

log = structlog.get_logger()

LANE = ("provider", "account")
OTHER = "other"
"""What is not installed or configured: a label that a producer could invent would make series without end."""
_LANES = {
    "lane_waiting_jobs": "Jobs that wait in a lane.",
    "lane_in_flight_jobs": "Jobs of a lane that are with a worker.",
    "lane_oldest_waiting_seconds": "For how long the first due job of a lane has been due; 0 without one.",
    "lane_paused": "1 while nothing of a lane may go: paused by its provider or by an operator.",
    "lane_held": "1 while an operator's pause holds a lane.",
    "lane_breaker_open": "1 while a lane's breaker is open, probes included.",
    "lane_limit_use_ratio": "Of a lane's fullest limit, what is spent now, 0 to 1. Its mean over time is the use.",
    "lane_limit_requests_per_second": "What all limits of a lane together allow, on average.",
}
_PROVIDERS = {
    "jobs": "Jobs that have not ended; state: waiting, handed (to a worker), running.",
    "dead_letters": "Dead letters kept; provider: rejected where a message was no valid job.",
    "outbox_events": "Events not yet published.",
    "outbox_oldest_seconds": "Age of the oldest event that is not yet published; 0 without one.",
}


class Standing:
    """A collector for a registry. Made without a connection; a lock keeps two scrapes from one."""

    def __init__(self, redis_url: str, queues: Queues, configs: Mapping[str, ProviderConfig]) -> None:
        self._redis_url, self._queues, self._configs = redis_url, queues, configs
        self._client: redis.Redis | None = None
        self._is_up = True
        self._reading = threading.Lock()

    def describe(self) -> Iterable[Metric]:
        """Nothing: a registry would else read everything when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Every gauge, as far as it could be read."""
        with self._reading:
            queues = _gauge("queue_messages", "Jobs that wait to be taken in, and events to be taken.", ("queue",))
            yield from self._state(queues)
            depths = self._queues.depths()
            _add_each(queues, depths or {})
            yield _single("broker_up", "1 if the broker could be asked.", float(depths is not None))
            yield queues

    def _state(self, queues: Gauge) -> Iterator[Metric]:
        began = time.perf_counter()
        try:
            client = self._connected()
            found = list(self._read(client))
            _add_each(queues, {JOBS_STREAM: client.xlen(JOBS_STREAM)})
        except (redis.RedisError, OSError) as error:
            if self._is_up:
                log.warning("metrics.state_is_out", error=type(error).__name__)
            found = []
        self._is_up = bool(found)
        yield _single("state_up", "1 if the state store could be read.", float(bool(found)))
        yield _single("state_read_seconds", "How long the reading took.", time.perf_counter() - began)
        yield from found

    def _connected(self) -> redis.Redis:
        self._client = self._client or client_at(self._redis_url, prompt_s=PROMPT_S)
        return self._client

    def _read(self, client: redis.Redis) -> Iterator[Metric]:
        families = {name: _gauge(name, what, LANE) for name, what in _LANES.items()}
        families |= {name: _gauge(name, what, ("provider",)) for name, what in _PROVIDERS.items()}
        families["jobs"] = _gauge("jobs", _PROVIDERS["jobs"], ("provider", "state"))
        for provider, config in self._configs.items():
            _add_lanes(families, provider, config, seen := look(client, provider, config.accounts))
            _add_provider(families, provider, seen)
        _add_store(families, REJECTED, look(client, REJECTED))
        yield from families.values()
        yield from _memory(client)


Families = Mapping[str, Gauge]


def _add_lanes(families: Families, provider: str, config: ProviderConfig, seen: Seen) -> None:
    """Lanes of accounts that are not configured (any more) are one, under ``other``."""
    strangers: dict[str, float] = {}
    for lane in seen.lanes:
        values = _values(lane, seen)
        if lane.account in config.accounts:
            _add(families, (provider, lane.account), values)
            continue
        for name, value in values.items():
            adds = name in {"lane_waiting_jobs", "lane_in_flight_jobs"}
            strangers[name] = strangers.get(name, 0.0) + value if adds else max(strangers.get(name, 0.0), value)
    _add(families, (provider, OTHER), strangers)


def _values(lane: Lane, seen: Seen) -> dict[str, float]:
    now_us, fields = seen.now_us, lane.fields
    both = (fields, seen.whole)
    values = {
        "lane_waiting_jobs": _number(fields, "waiting"),
        "lane_in_flight_jobs": _number(fields, "in_flight"),
        "lane_oldest_waiting_seconds": _age_s(lane.first_due_us, now_us),
        "lane_paused": float(
            max(_number(each, name) for each in both for name in ("paused_until", "held_until")) > now_us
        ),
        "lane_held": float(max(_number(each, "held_until") for each in both) > now_us),
        "lane_breaker_open": float(_number(fields, "open_until") > 0),
    }
    limits = [(each, limit) for each in both for limit in each.get("limits", "").split()]
    if limits:
        values["lane_limit_use_ratio"] = max(spent(each, limit, now_us) for each, limit in limits)
        values["lane_limit_requests_per_second"] = min(1e6 / int(limit.partition(":")[0]) for _, limit in limits)
    return values


def _add_provider(families: Families, provider: str, seen: Seen) -> None:
    states = {"waiting": _number(seen.whole, "waiting"), "handed": seen.handed, "running": seen.running}
    for state, count in states.items():
        families["jobs"].add_metric((provider, state), count)
    _add_store(families, provider, seen)


def _add_store(families: Families, name: str, seen: Seen) -> None:
    values = {
        "dead_letters": float(seen.dead),
        "outbox_events": float(seen.outbox),
        "outbox_oldest_seconds": _age_s(seen.outbox_since_us, seen.now_us),
    }
    _add(families, (name,), values)


def _add(families: Families, labels: tuple[str, ...], values: Mapping[str, float]) -> None:
    for name, value in values.items():
        families[name].add_metric(labels, value)


def _add_each(family: Gauge, values: Mapping[str, float]) -> None:
    for label, value in values.items():
        family.add_metric((label,), value)


def _memory(client: redis.Redis) -> Iterator[Metric]:
    memory: Any = client.info("memory")
    yield _single("state_memory_bytes", "Memory that the state store uses.", memory["used_memory"])
    yield _single("state_memory_limit_bytes", "Its maxmemory; 0 without one.", memory["maxmemory"])


def _age_s(since_us: int | None, now_us: int) -> float:
    return 0.0 if since_us is None else max(0.0, (now_us - since_us) / 1e6)


def _number(fields: Mapping[str, str], name: str) -> float:
    return float(fields.get(name) or 0)


def _gauge(name: str, what: str, labels: tuple[str, ...]) -> Gauge:
    return Gauge(f"audience_{name}", what, labels=labels)


def _single(name: str, what: str, value: float) -> Gauge:
    return Gauge(f"audience_{name}", what, value=value)
