"""Which configurations do plays have?"""

from __future__ import annotations

from typing import Any

from workers.config import Limit, ProviderConfig

RETRY = {"breaker_failures": 1, "breaker_open_s": 10.0, "breaker_open_cap_s": 30.0}


def config(*, whole: dict[str, Any] | None = None, **acme: Any) -> ProviderConfig:
    """Two accounts, of which the first has more in its table; ``whole``: more of the provider's own."""
    accounts = {"acme": {"retry": RETRY, **acme}, "globex": {"retry": RETRY}}
    return ProviderConfig.model_validate({"base_url": "http://provider", "accounts": accounts, **(whole or {})})


def limits(*texts: str) -> tuple[Limit, ...]:
    return tuple(Limit.model_validate(text) for text in texts)
