"""What can be set for Northwind? Its address, and each account's key."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from workers.config import AccountConfig, HttpUrl, ProviderConfig, Secret


class NorthwindAccount(AccountConfig):
    """One Northwind account."""

    api_key: Secret


class NorthwindConfig(ProviderConfig):
    """The table ``[northwind]``."""

    base_url: HttpUrl = "https://api.northwind.example/v2"
    accounts: Mapping[str, NorthwindAccount] = Field(default_factory=dict)
