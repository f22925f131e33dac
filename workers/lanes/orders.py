"""What may an operator order? Pauses, limits, cancellations: at once for all workers, and written to the audit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis

from workers.config import Limit
from workers.lanes.clock import us
from workers.lanes.keys import partition
from workers.lanes.lanes import ENDING_LEASE_S, written
from workers.lanes.scripts import run
from workers.lanes.state import Record, record_of

WHOLE = "*"
"""The provider as a whole, where an account is asked for."""


@dataclass(frozen=True)
class Orders:
    """An operator's orders to the lanes of one provider. ``who`` stands in the audit."""

    client: redis.Redis
    provider: str
    who: str

    def pause(self, account: str, for_s: float | None, reason: str) -> float:
        """Let nothing of a lane go, for a time or until it is resumed. When it ends, in seconds since the epoch."""
        detail = _detail(for_s=for_s, reason=reason)
        return float(self._run("pause", account, us(for_s), reason, self.who, detail)) / 1e6

    def resume(self, account: str) -> float:
        """End an operator's pause, and let an open breaker probe. Until when the provider's own pause holds, or 0."""
        return float(self._run("resume", account, self.who, _detail())) / 1e6

    def limit(self, account: str, limits: Sequence[Limit], operation: str | None = None) -> None:
        """Set a lane's limits, of one operation or of all; none: those of the configuration again."""
        target = account if operation is None else f"{account}/{operation}"
        spacings, text = written(limits)
        self._run("set_limits", target, spacings, text, self.who, _detail(limits=text or "as configured"))

    def cancel(self, account: str, job_id: str, runner: str, reason: str) -> Record | str | None:
        """Take a waiting job out of its lane, to end it. Its state where it does not wait; None: no such job."""
        detail = _detail(reason=reason)
        answer = self._run("cancel", account, job_id, us(ENDING_LEASE_S), runner, self.who, detail)
        if isinstance(answer, list):
            return record_of(answer)
        return None if answer is None else str(answer.decode())

    def _run(self, script: str, *args: Any) -> Any:
        return run(self.client, script, partition(self.provider), *args)


def _detail(**fields: object) -> str:
    return json.dumps({name: value for name, value in fields.items() if value not in {None, ""}})
