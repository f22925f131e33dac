"""Do limited lanes go on, within their limits, where the state store is far away, or becomes so?"""

from __future__ import annotations

from pathlib import Path

from real import wait_until

from faults.door import windows_over
from faults.limits import LIMITS
from faults.orders import orders
from faults.producer import Sender
from faults.received import Stream
from faults.run import TOLERANCE_S
from faults.stage import Stage


def test_a_state_store_that_answers_late_stops_no_lane(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "redis", seed=1)
    try:
        stage.start_workers(1)
        sender = Sender(stage.broker.url, orders(1, 120, 0), within_s=1.0)
        sender.start()
        with stage.state.client() as client:
            stream = Stream(client)
            wait_until(lambda: len(stream.look()) >= 20, what="jobs while the store is near")
            stage.ways["state"].delay_s = 0.02  # each way: longer than a permit may be late
            wait_until(lambda: len(stream.look()) >= 120, 30, "every job while it is far")
        sender.close()
        times = {limit: stage.door.of(limit.who) for limit in LIMITS}
        assert not any(windows_over(times[each], each.count, each.period_s - TOLERANCE_S) for each in LIMITS)
    finally:
        stage.close()
