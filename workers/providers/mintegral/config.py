"""What can be set for Mintegral? Each account's two keys, and the numbers of the device types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictInt, model_validator

from workers.config import AccountConfig, HttpUrl, ProviderConfig, Secret
from workers.providers.mintegral.device_types import DEFAULTS, Table, completed

DeviceTypes = Annotated[Mapping[str, Annotated[StrictInt, Field(ge=1)]], AfterValidator(completed)]


def _defaults() -> Table:
    return dict(DEFAULTS)


class MintegralAccount(AccountConfig):
    """One Mintegral account: its access key, which travels, and its API key, which never does.

    ``device_types`` stands over its provider's.
    """

    access_key: Secret = Field(description="Which account it is; sent along.")
    api_key: Secret = Field(description="Signs each request; never sent.")
    device_types: DeviceTypes = Field(
        default_factory=_defaults, description="As the provider's, for this account alone."
    )


class MintegralConfig(ProviderConfig):
    """The table ``[mintegral]``. ``device_types`` stands over the numbers of the Create page."""

    base_url: HttpUrl = "https://ss-api.mintegral.com"  # Create Audience, 2025-07-29
    device_types: DeviceTypes = Field(
        default_factory=_defaults, description="Numbers of device types, by name, that differ from Mintegral's page."
    )
    accounts: Mapping[str, MintegralAccount] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _accounts_take_our_numbers(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("accounts"), dict):
            return value
        ours = value.get("device_types", {})
        if not isinstance(ours, dict):
            return value
        accounts = {name: _over(ours, each) for name, each in value["accounts"].items()}
        return value | {"accounts": accounts}


def _over(ours: dict[str, Any], account: Any) -> Any:
    """The account with its own numbers over its provider's; what is no table is left to be refused."""
    own = account.get("device_types", {}) if isinstance(account, dict) else None
    return account | {"device_types": ours | own} if isinstance(own, dict) else account
