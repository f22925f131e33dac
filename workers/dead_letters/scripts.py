"""How does a script of this folder run? Like those of the lanes, on the keys of one partition."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import redis

from workers.lanes.keys import partition
from workers.lanes.scripts import run_text, shared


def run(client: redis.Redis, script: str, partition_name: str, *args: Any) -> Any:
    """Run ``lua/<script>.lua`` on the dead letters of one partition."""
    return run_text(client, _text(script), partition(partition_name), *args)


@cache
def _text(name: str) -> str:
    return shared() + (files("workers.dead_letters") / "lua" / f"{name}.lua").read_text()
