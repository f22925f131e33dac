"""Are all promises kept when everything goes wrong within half a minute? The short form of ``make faults``."""

from __future__ import annotations

from pathlib import Path

import pytest
from real import RABBITMQ, missing

from faults.run import run
from faults.schedule import SHORT, Kind
from faults.verdict import broken

CONFIRMED = "the answer was lost; a look-up found that the request had been applied"
SEED = 5


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
def test_nothing_is_lost_doubled_or_over_its_limit_whatever_goes_wrong(tmp_path: Path, broker: str) -> None:
    if broker == "rabbitmq" and not RABBITMQ.exists():
        missing("rabbitmq-server")
    result = run(tmp_path, broker, SEED, SHORT)
    assert broken(result) == []
    looked_up = [each for each in result.answered if CONFIRMED in each.event["data"]["warnings"]]
    assert looked_up, "no answer was lost: this run has shown nothing"
    happened = result.faults
    assert min(happened[Kind.WORKER_KILL], happened[Kind.WORKER_FREEZE], happened[Kind.STATE_KILL]) > 0, happened
