"""How does a script of this folder run? On the index of one partition, whose name every key begins with."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import redis


def run(client: redis.Redis, script: str, index: str, *args: Any) -> Any:
    """Run ``lua/<script>.lua`` on one index of dead letters."""
    return client.register_script(_text(script))(keys=[index], args=args)


@cache
def _text(name: str) -> str:
    return (files("workers.dead_letters") / "lua" / f"{name}.lua").read_text()
