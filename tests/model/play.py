"""How is an act played? The real script on a real server, then the model; then all of Redis is compared with it.

The states that an act led to are written down as edges, by what stands in Redis and not by the model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import redis
from agreement import check_agreement
from drawn import Edge
from expected import Expected
from observed import see, states
from stopped_clock import StoppedClock

from workers.config import ProviderConfig
from workers.lanes.keys import partition
from workers.lanes.lanes import LEASE_MARGIN_S, Lanes
from workers.lanes.orders import Orders
from workers.lanes.state import Record

T = TypeVar("T")
PROVIDER = "pubmatic"
BEGIN = 1_700_000_000_000_000
REQUEST_TIMEOUT_S = 30.0
RUNNING_LEASE_US = round((REQUEST_TIMEOUT_S + LEASE_MARGIN_S) * 1e6)


class Play:
    """One provider's lanes from their first moment on."""

    def __init__(self, client: redis.Redis) -> None:
        client.flushall()
        self.client, self.partition = client, partition(PROVIDER)
        self.clock = StoppedClock(client, self.partition, BEGIN)
        self.lanes = Lanes(client, PROVIDER, ProviderConfig(base_url="http://provider"), REQUEST_TIMEOUT_S)
        self.orders = Orders(client, PROVIDER, "ann@desk")
        self.model = Expected(BEGIN, RUNNING_LEASE_US)
        self.records: list[Record] = []  # every lease there was: old ones are tried again
        self.taken: set[tuple[str, Edge]] = set()
        self.asleep_until = 0  # when the dispatcher looks again, if nobody wakes it before
        self.seen = see(client, self.partition)
        self.states = self._states()

    def act(self, name: str, real: Callable[[], T], check: Callable[[T], None], *, twice: bool = False) -> T:
        """Play one act and check its answer. ``twice``: the answer is lost, and the client repeats the command."""
        answer = real()
        check(answer)
        self._look(name)
        if twice:
            once = self.seen
            check(real())
            self._look(name)
            assert replace(self.seen, outbox=[]) == replace(once, outbox=[]), f"a repeated {name} changes something"
            assert set(self.seen.outbox) == set(once.outbox)
        return answer

    def advance(self, us: int) -> None:
        """Let time pass."""
        self.model.now += us
        self.clock.set(self.model.now)
        self._look("time")

    def _look(self, name: str) -> None:
        self.seen = see(self.client, self.partition)
        check_agreement(self.seen, self.model)
        before, self.states = self.states, self._states()
        for place, after in self.states.items():
            if after != before[place]:
                self.taken.add((place[0], Edge(before[place], name, after)))

    def _states(self) -> dict[tuple[str, str], str]:
        return dict(states(self.seen, self.model.now, self.model.known))
