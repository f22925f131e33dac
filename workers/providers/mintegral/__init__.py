"""Mintegral: audiences by the advertiser open API. Facts and their sources: README.md beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from workers.config import ProviderConfig
from workers.providers.mintegral.config import MintegralConfig
from workers.providers.mintegral.create_audience import CreateAudience
from workers.providers.mintegral.delete_audience import DeleteAudience
from workers.providers.mintegral.list_audiences import ListAudiences
from workers.providers.mintegral.update_audience import UpdateAudience
from workers.providers.mintegral.upload_audience_file import UploadAudienceFile
from workers.providers.provider import Operation, Provider


class _Mintegral:
    name = "mintegral"
    config_model: type[ProviderConfig] = MintegralConfig
    operations: Mapping[str, Operation] = MappingProxyType(
        {
            "create_audience": CreateAudience(),
            "update_audience": UpdateAudience(),
            "list_audiences": ListAudiences(),
            "delete_audience": DeleteAudience(),
            "upload_audience_file": UploadAudienceFile(),
        }
    )


PROVIDER: Provider = _Mintegral()
