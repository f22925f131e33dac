"""Does any order of acts lead where neither the model nor the drawing goes?

The orders are the same each time, so that a run says something of the code and not of its luck. For a longer search
of other orders: ``MODEL_EXAMPLES=2000 pytest tests/model``.
"""

from __future__ import annotations

import os

import redis
from drawn import DRAWN
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from machine import Machine

LONGER = "MODEL_EXAMPLES" in os.environ
SETTINGS = settings(
    max_examples=int(os.environ.get("MODEL_EXAMPLES", "50")),
    stateful_step_count=60,
    derandomize=not LONGER,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def test_any_order_of_acts_keeps_to_the_model_and_to_the_drawing(quick_state: redis.Redis) -> None:
    class Drawn(Machine):
        """A machine that holds each play's edges against the drawing."""

        def __init__(self) -> None:
            super().__init__(quick_state)

        def teardown(self) -> None:
            undrawn = {(name, edge) for name, edge in self.play.taken if edge not in DRAWN[name]}
            assert not undrawn, f"docs/states.md does not draw {undrawn}"

    run_state_machine_as_test(Drawn, settings=SETTINGS)
