"""What does it cost to hand a job out and settle it, as jobs pile up? 1,000,000 waiting jobs against 1,000."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from real import RedisServer, binaries

from bench.lanes.backlog import Waiting, fill
from bench.lanes.figure import Figure, Goal, Line
from bench.lanes.service import EVERYSEC, job
from workers.config import AccountConfig, ProviderConfig
from workers.lanes.lanes import BATCH, Lanes
from workers.lanes.state import Ending

FEW, MANY = 1_000, 1_000_000
JOBS = 640  # in each block
REQUEST_TIMEOUT_S = 30.0
CONFIG = ProviderConfig(base_url="http://provider", accounts={"acme": AccountConfig(max_in_flight=10_000)})
NO_REWRITE = ("--auto-aof-rewrite-percentage", "0")
RATIO = Goal("at most", 1.3)


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one job, in microseconds: on the caller's clock, and of Redis' processor."""

    wall_us: float
    redis_us: float


def measure(rounds: int) -> Figure:
    """Every server that is installed; what is taken is accepted anew, so that as many jobs wait as before."""
    lines = [line for name, binary in binaries() for line in _lines(name, _costs(binary, rounds))]
    return Figure(
        "What does it cost to hand a job out and settle it, as jobs pile up?",
        tuple(lines),
        (
            f"The scripts take ({BATCH} jobs a call, as the dispatcher does), permit and finish, called one "
            f"after the other through Python's client; {JOBS} jobs a block, blocks in turns after one of warm-up. "
            "One lane without a limit, with appendfsync everysec, the file not rewritten meanwhile. The servers differ "
            "in their allocator: the Valkey of the embedded package has the C library's, which slows down in a large "
            "heap; Debian's Redis has jemalloc."
        ),
    )


def _costs(binary: str, rounds: int) -> list[tuple[Cost, Cost]]:
    """Of two servers in turns, after one block of warm-up: with few waiting jobs, and with many."""
    few, many = _Side(binary, FEW), _Side(binary, MANY)
    try:
        few.cost(), many.cost()
        return [(few.cost(), many.cost()) for _ in range(rounds)]
    finally:
        few.close()
        many.close()


def _lines(name: str, costs: list[tuple[Cost, Cost]]) -> list[Line]:
    wall = [after.wall_us / before.wall_us for before, after in costs]
    processor = [after.redis_us / before.redis_us for before, after in costs]
    return [
        Line.of(f"{name}: time of a job, {MANY:,} waiting / {FEW:,} waiting", "ratio", wall, RATIO),
        Line.of(f"{name}: its processor time of a job, the same", "ratio", processor, RATIO),
        Line.of(f"{name}: time of a job, {FEW:,} waiting", "µs", [before.wall_us for before, _ in costs]),
        Line.of(f"{name}: time of a job, {MANY:,} waiting", "µs", [after.wall_us for _, after in costs]),
        Line.of(f"{name}: its processor time, {FEW:,} waiting", "µs", [before.redis_us for before, _ in costs]),
        Line.of(f"{name}: its processor time, {MANY:,} waiting", "µs", [after.redis_us for _, after in costs]),
    ]


class _Side:
    """A server whose lane has so many waiting jobs."""

    def __init__(self, binary: str, waiting: int) -> None:
        self._server = RedisServer(binary, *EVERYSEC, *NO_REWRITE)
        self._client = self._server.client()
        self._lanes = Lanes(self._client, "pubmatic", CONFIG, REQUEST_TIMEOUT_S)
        self._lanes.configure()
        fill(self._client, _jobs(waiting))

    def close(self) -> None:
        self._client.close()
        self._server.close()

    def cost(self) -> Cost:
        """Of one block of jobs, which is accepted anew afterwards."""
        redis_us, began = self._redis_us(), time.perf_counter()
        for _ in range(JOBS // BATCH):
            self._work()
        cost = Cost((time.perf_counter() - began) * 1e6 / JOBS, (self._redis_us() - redis_us) / JOBS)
        fill(self._client, _jobs(JOBS))
        return cost

    def _work(self) -> None:
        for record in self._lanes.take(BATCH, 10.0).jobs:
            self._lanes.permit(record, 1, changes=False)
            ending = Ending(
                record, state="succeeded", attempts=1, requests=1, event=b"{}", routing_key="pubmatic.get_audience.x",
                keep_s=3600.0, line="", dead=None, dead_keep_s=3600.0,
            )  # fmt: skip
            self._lanes.finish([ending])

    def _redis_us(self) -> float:
        cpu = self._client.info("cpu")
        return float(cpu["used_cpu_user_main_thread"] + cpu["used_cpu_sys_main_thread"]) * 1e6


def _jobs(count: int) -> Iterator[Waiting]:
    body = job("acme", 1)
    return (Waiting("acme", str(uuid.uuid4()), body) for _ in range(count))
