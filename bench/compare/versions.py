"""Of which versions was it measured?"""

from __future__ import annotations

from importlib.metadata import version

PACKAGES = ("celery", "kombu", "dramatiq", "taskiq", "taskiq-redis", "uvloop", "redis", "httpx", "pydantic")


def versions() -> dict[str, str]:
    """Of what the sides are made of."""
    return {name: version(name) for name in PACKAGES}
