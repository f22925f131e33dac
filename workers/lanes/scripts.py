"""How does a script run? By its file's name, with what all of them share in front, cached by the server."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import redis


def run(client: redis.Redis, script: str, partition: str, *args: Any) -> Any:
    """Run ``lua/<script>.lua`` on the keys of one partition."""
    return client.register_script(text(script))(keys=[partition], args=args)


@cache
def text(name: str) -> str:
    """The text of a script."""
    return shared() + (files("workers.lanes") / "lua" / f"{name}.lua").read_text()


@cache
def shared() -> str:
    """What stands in front of every script."""
    folder = files("workers.lanes") / "lua"
    return (folder / "lane.lua").read_text() + (folder / "dead.lua").read_text()
