"""How much processor time was used, and of which cores? Of processes and of a Redis, since they began, in seconds."""

from __future__ import annotations

import os
from typing import Any

import psutil
import redis


def processes_s(pid: int) -> float:
    """Of a process and everything that it has started."""
    first = psutil.Process(pid)
    times = [process.cpu_times() for process in (first, *first.children(recursive=True))]
    return float(sum(each.user + each.system for each in times))


def keep_on_one_core(pid: int) -> None:
    """A process and everything that it has started, and will start."""
    core = max(os.sched_getaffinity(0))
    first = psutil.Process(pid)
    for process in (first, *first.children(recursive=True)):
        for thread in process.threads():
            os.sched_setaffinity(thread.id, {core})


def redis_s(client: redis.Redis) -> float:
    """Of the server."""
    cpu: Any = client.info("cpu")
    return float(cpu["used_cpu_user"] + cpu["used_cpu_sys"])
