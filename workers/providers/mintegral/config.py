"""What can be set for Mintegral? Each account's two keys."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from workers.settings import AccountConfig, HttpUrl, ProviderConfig, Secret


class MintegralAccount(AccountConfig):
    """One Mintegral account: its access key, which travels, and its API key, which never does."""

    access_key: Secret
    api_key: Secret


class MintegralConfig(ProviderConfig):
    """The table ``[mintegral]``."""

    base_url: HttpUrl = "https://ss-api.mintegral.com"  # Create Audience, 2025-07-29
    accounts: Mapping[str, MintegralAccount] = Field(default_factory=dict)
