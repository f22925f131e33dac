"""Which lanes do plays get? Those of an empty server of each kind, with the time stopped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from play import Play
from stopped_clock import stop_time


@pytest.fixture
def quick_state(monkeypatch: pytest.MonkeyPatch, state: redis.Redis) -> Iterator[redis.Redis]:
    """A state store that writes nothing to disk: plays are many, and none asks what a kill leaves."""
    stop_time(monkeypatch)
    state.config_set("appendonly", "no")
    yield state
    state.config_set("appendonly", "yes")


@pytest.fixture
def play(quick_state: redis.Redis) -> Play:
    return Play(quick_state)
