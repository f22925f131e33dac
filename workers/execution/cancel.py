"""How does an operator end a job that waits? It is taken out of its lane, and answered as ``cancelled``."""

from __future__ import annotations

import uuid

from workers.execution.execute import Executor
from workers.lanes.orders import Orders


def cancel(executor: Executor, orders: Orders, account: str, job_id: str, reason: str) -> str | None:
    """End it. None: it is cancelled, and a worker sends its event; else why not, a sentence."""
    taken = orders.cancel(account, job_id, uuid.uuid4().hex, reason)
    if taken is None:
        return f"No job {job_id} of {orders.provider}/{account} is known."
    if isinstance(taken, str):
        return f"The job is {taken}: only one that waits can be cancelled."
    executor.cancel(orders.provider, taken)
    return None
