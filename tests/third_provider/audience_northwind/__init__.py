"""Northwind: audiences by its Segments API. No such company exists: it is the example of a provider of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from audience_northwind.config import NorthwindConfig
from audience_northwind.create_audience import CreateAudience
from audience_northwind.get_audience import GetAudience
from workers.config import ProviderConfig
from workers.providers.provider import Operation, Provider


class _Northwind:
    name = "northwind"
    config_model: type[ProviderConfig] = NorthwindConfig
    operations: Mapping[str, Operation] = MappingProxyType(
        {"create_audience": CreateAudience(), "get_audience": GetAudience()}
    )


PROVIDER: Provider = _Northwind()
