"""Which labels may a metric carry? Few: what is installed and configured. What a producer could invent is ``other``."""

from __future__ import annotations

from collections.abc import Mapping

from workers.config import ProviderConfig

OTHER = "other"


def account_label(configs: Mapping[str, ProviderConfig], provider: str, account: str) -> str:
    """The account's name, if it is configured."""
    return account if provider in configs and account in configs[provider].accounts else OTHER
