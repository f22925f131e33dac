"""In which of its several shapes PubMatic shows an audience.

The samples disagree with each other, field by field, and so does the sandbox: queryInfix, price, dates and
the types of dataProviderId and audienceGroupId depend on the call. A client that trusts one of them breaks
here first.
"""

from datetime import UTC, datetime
from typing import Any

from sandbox.pubmatic.accounts import ACCOUNT_TYPE_IDS, data_provider_name
from sandbox.pubmatic.store import Audience


def created(one: Audience) -> dict[str, Any]:
    """The answer to a create. Of a complex audience many documented fields are missing, as in the sample."""
    return _complex(one) if one.is_complex else _simple(one) | {"queryInfix": f"({_key(one)})"} | _price_text(one)


def detailed(one: Audience) -> dict[str, Any]:
    """The answer to a get and a patch. For a complex one there is no sample: unverified."""
    return (
        _complex(one) | {"accountType": one.owner.account_type} if one.is_complex else _simple(one) | _price_text(one)
    )


def in_bare_list(one: Audience) -> dict[str, Any]:
    """An item of a bare array: like a get, without a price."""
    return _complex(one) | {"accountType": one.owner.account_type} if one.is_complex else _simple(one)


def on_page(one: Audience) -> dict[str, Any]:
    """An item of {metaData, items}: a number as price, a string as dataProviderId, American dates."""
    item: dict[str, Any] = {
        "id": one.id,
        "name": one.name,
        "longName": one.name,
        "accountId": one.owner.account_id,
        "accountName": one.owner.name,
        "accountType": one.owner.account_type,
        "enabled": one.enabled,
        "audienceGroupId": 1,
        "creationTime": _day(one.created_at),
        "modificationTime": _day(one.modified_at),
        "favourite": "FALSE",
        "private": one.private,
        "dataProviderId": str(one.data_provider_id),
        "dataProviderName": data_provider_name(one.data_provider_id),
    }
    if one.is_complex:
        return item | {"definition": one.definition, "queryInfix": one.query}
    item |= {
        "providerAudienceId": one.provider_audience_id,
        "transferCode": one.transfer_code,
        "definition": one.definition or "",
        "description": one.description or "",
        "queryPostfix": _key(one),
        "queryInfix": f"(,{_key(one)},)",
        "uniqueAudiences": _key(one),
    }
    return item if one.price is None else item | {"price": int(one.price) if one.price.is_integer() else one.price}


def _simple(one: Audience) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "description": one.description or "",
        "definition": one.definition or "",
        "enabled": one.enabled,
        "creationTime": _moment(one.created_at),
        "modificationTime": _moment(one.modified_at),
        "private": one.private,
        "parentAudienceId": 0,
        "accountId": one.owner.account_id,
        "accountType": one.owner.account_type,
        "accountName": one.owner.name,
        "enabledForAIMTag": one.enabled_for_aim_tag,
        "dataProviderId": one.data_provider_id,
        "dataProviderName": data_provider_name(one.data_provider_id),
        "providerAudienceId": one.provider_audience_id,
        "clientId": one.client_id,
        "transferCode": one.transfer_code,
        "audienceGroupId": "1",
        "dataTypeId": "-1",
        "queryPostfix": _key(one),
        "queryInfix": f"(,{_key(one)},)",
        "uniqueAudiences": _key(one),
    }


def _complex(one: Audience) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "longName": one.name,
        "accountId": one.owner.account_id,
        "accountName": one.owner.name,
        "accountTypeId": ACCOUNT_TYPE_IDS[one.owner.account_type],
        "definition": one.definition,
        "queryInfix": one.query,
        "enabled": one.enabled,
        "audienceGroupId": 1,
        "creationTime": _moment(one.created_at),
        "modificationTime": _moment(one.modified_at),
        "enabledForAIMTag": one.enabled_for_aim_tag,
        "private": one.private,
        "dataProviderId": str(one.data_provider_id),
        "dataProviderName": data_provider_name(one.data_provider_id),
    }


def _key(one: Audience) -> str:
    return f"{one.data_provider_id}:{one.provider_audience_id}"


def _price_text(one: Audience) -> dict[str, Any]:
    return {} if one.price is None else {"price": str(one.price)}


def _moment(at: float) -> str:
    """No time zone is documented; UTC here, unverified."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%b %d, %Y")
