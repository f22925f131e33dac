"""How does the demo steer the sandbox? By its control API: presets, faults, and what it has seen."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx

PRESET = "preset"  # whom the sandbox names as the maker of its presets


class SandboxControl:
    """The control API of one sandbox."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=f"{url}/_sandbox", trust_env=False, timeout=5.0)

    def preset_base(self, like: dict[str, Any], provider_audience_id: str) -> None:
        """A base audience of the account that this payload names, there before any job."""
        audience = {
            "accountType": like["accountType"],
            "accountId": like["accountId"],
            "name": f"Base {provider_audience_id}",
            "dataProviderId": 383,
            "providerAudienceId": provider_audience_id,
        }
        self._post("audiences", {"provider": "pubmatic", "audience": audience})

    def fault(self, **fault: Any) -> None:
        """The next request that matches goes wrong in this way."""
        self._post("faults", fault)

    def created(self) -> Counter[str]:
        """How often each audience was made by a request, by name; presets are not counted."""
        made: Any = self._client.get("audiences").raise_for_status().json()
        return Counter(each["name"] for each in made["audiences"] if each["account"] != PRESET)

    def close(self) -> None:
        self._client.close()

    def _post(self, what: str, value: dict[str, Any]) -> None:
        self._client.post(what, json=value).raise_for_status()
