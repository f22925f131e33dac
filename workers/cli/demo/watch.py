"""Which events have come, and what is still awaited? Read from the results stream, until a deadline."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from workers.cli.demo.expected import Row
from workers.cli.demo.stage import Stage
from workers.cli.endings import Failed
from workers.lanes.keys import RESULTS_STREAM

BOUND_S = 60.0  # for everything that is awaited; normally it is about six seconds
LOOK_MS = 100


@dataclass
class Watch:
    """The rows so far, and the events that came for them."""

    stage: Stage
    changed: Callable[[Row], None]
    rows: list[Row] = field(default_factory=list)
    events: defaultdict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    _place: Any = "0"
    _deadline: float = field(default_factory=lambda: time.monotonic() + BOUND_S)

    def expect(self, row: Row) -> Row:
        self.rows.append(row)
        self.changed(row)
        return row

    def all_answered(self) -> None:
        """Wait until every row has its event."""
        self.until(lambda: all(row.got is not None for row in self.rows))

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something. Raises ``Failed`` when the time is over, or a part has ended."""
        while not holds():
            self.look(LOOK_MS)
            self.stage.parts.check()
            if time.monotonic() > self._deadline:
                missing = ", ".join(row.event_id for row in self.rows if row.got is None) or "nothing by its id"
                raise Failed(f"The demo was not done within {BOUND_S:g} s; still awaited: {missing}")

    def look(self, wait_ms: int) -> None:
        """Take in the events that are there."""
        page: Any = self.stage.service.redis.xread({RESULTS_STREAM: self._place}, count=100, block=wait_ms)
        for entry_id, fields in page[0][1] if page else ():
            self._place = entry_id
            event = json.loads(fields[b"event"])
            self.events[event["id"]].append(event)
            self._give(event)

    def _give(self, event: dict[str, Any]) -> None:
        for row in self.rows:
            if row.event_id == event["id"] and row.nth == len(self.events[event["id"]]):
                row.got = event
                self.changed(row)
