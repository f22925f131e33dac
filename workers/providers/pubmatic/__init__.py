"""PubMatic: audiences by the Audience API. Facts and their sources: README.md beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from workers.config import ProviderConfig
from workers.providers.provider import Operation, Provider
from workers.providers.pubmatic.config import PubmaticConfig
from workers.providers.pubmatic.create_audience import CreateAudience
from workers.providers.pubmatic.get_audience import GetAudience
from workers.providers.pubmatic.list_audiences import ListAudiences
from workers.providers.pubmatic.update_audience import UpdateAudience


class _PubMatic:
    name = "pubmatic"
    config_model: type[ProviderConfig] = PubmaticConfig
    operations: Mapping[str, Operation] = MappingProxyType(
        {
            "create_audience": CreateAudience(),
            "get_audience": GetAudience(),
            "list_audiences": ListAudiences(),
            "update_audience": UpdateAudience(),
        }
    )


PROVIDER: Provider = _PubMatic()
