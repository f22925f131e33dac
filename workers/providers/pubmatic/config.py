"""What can be set for PubMatic? The token's header, and each account's token or log-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from workers.config import AccountConfig, HttpUrl, ProviderConfig, Secret

AuthHeader = Literal["pubToken", "bearer"]


class PubmaticAccount(AccountConfig):
    """One PubMatic account: a token that somebody else renews, or a user whose tokens we keep ourselves.

    ``auth_header`` is its provider's where it names none.
    """

    access_token: Secret | None = Field(None, description="A token that somebody else renews; or the next two.")
    user_name: Secret | None = Field(None, description="Who logs in; the service renews the token itself.")
    password: Secret | None = Field(None, description="Of that user.")
    auth_header: AuthHeader = Field("pubToken", description="As the provider's, for this account alone.")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        given = [each is not None for each in (self.access_token, self.user_name, self.password)]
        if given not in ([True, False, False], [False, True, True]):
            raise ValueError("give either access_token, or user_name and password")
        return self


class PubmaticConfig(ProviderConfig):
    """The table ``[pubmatic]``."""

    # The Audience API page (v34/v35) leaves {uri-prefix} open; later versions and public clients use this.
    base_url: HttpUrl = "https://api.pubmatic.com/v1"
    # "pubToken: <token>" is the Audience API page (v34/v35); "Authorization: Bearer" all that came later.
    auth_header: AuthHeader = Field("pubToken", description="In which header the token goes.")
    accounts: Mapping[str, PubmaticAccount] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _accounts_take_our_header(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("accounts"), dict) or "auth_header" not in value:
            return value
        ours = {"auth_header": value["auth_header"]}
        accounts = {name: ours | each if isinstance(each, dict) else each for name, each in value["accounts"].items()}
        return value | {"accounts": accounts}
