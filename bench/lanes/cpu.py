"""How much processor time was used? Of processes and of a Redis, since they began, in seconds."""

from __future__ import annotations

from typing import Any

import psutil
import redis


def processes_s(pid: int) -> float:
    """Of a process and everything that it has started."""
    first = psutil.Process(pid)
    times = [process.cpu_times() for process in (first, *first.children(recursive=True))]
    return float(sum(each.user + each.system for each in times))


def redis_s(client: redis.Redis) -> float:
    """Of the server."""
    cpu: Any = client.info("cpu")
    return float(cpu["used_cpu_user"] + cpu["used_cpu_sys"])
