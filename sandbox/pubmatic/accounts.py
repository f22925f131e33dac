"""Whose audience it is, and how accounts, clients and data providers are related.

Any account and any data provider is known here, except the constants below. An account of PubMatic's own is
named by accountType and accountId; the same account may be named by a data provider's clientId together with
dataProviderId.
"""

import zlib
from typing import NamedTuple

ACCOUNT_TYPES = ("PUBLISHER", "DEMAND_PARTNER", "BUYER")
CLIENT = "DATA_PROVIDER_CLIENT"

# dataProviderId values that provoke the two association errors.
NOT_WITH_PUBLISHER = 13  # AUD01_0013, whenever the account is named by accountId
NOT_WITH_CLIENT = 31  # AUD01_0031, whenever it is named by clientId

# 4 is in the page's sample of a complex audience; the other two are unverified.
ACCOUNT_TYPE_IDS = {"PUBLISHER": 4, "DEMAND_PARTNER": 5, "BUYER": 6}

# The page's samples: both ways of naming the account lead to the same audiences.
_SAMPLE_ACCOUNT_ID = 27332341
_SAMPLE_CLIENT = ("345343", 383)
_ACCOUNT_NAMES = {_SAMPLE_ACCOUNT_ID: "Some Publisher"}
_DATA_PROVIDER_NAMES = {383: "Some data provider"}
_DERIVED = "client-"
_DERIVED_ACCOUNTS_FROM = 900_000_000


class Account(NamedTuple):
    account_type: str
    account_id: int

    @property
    def name(self) -> str:
        return _ACCOUNT_NAMES.get(self.account_id, f"Account {self.account_id}")

    def client_id(self, data_provider_id: int) -> str:
        """The data provider's name for this account: answers hold one even when the request named none."""
        if (self.account_id, data_provider_id) == (_SAMPLE_ACCOUNT_ID, _SAMPLE_CLIENT[1]):
            return _SAMPLE_CLIENT[0]
        return f"{_DERIVED}{self.account_id}"


def account_of_client(client_id: str, data_provider_id: int) -> Account:
    """The PubMatic account behind a client. Unverified: a client's account is taken to be a publisher's."""
    derived = client_id.removeprefix(_DERIVED)
    if (client_id, data_provider_id) == _SAMPLE_CLIENT:
        return Account("PUBLISHER", _SAMPLE_ACCOUNT_ID)
    if derived != client_id and derived.isdecimal():
        return Account("PUBLISHER", int(derived))
    digest = zlib.crc32(f"{data_provider_id}:{client_id}".encode(errors="replace"))
    return Account("PUBLISHER", _DERIVED_ACCOUNTS_FROM + digest)


def data_provider_name(data_provider_id: int) -> str:
    return _DATA_PROVIDER_NAMES.get(data_provider_id, f"Data provider {data_provider_id}")
