"""Which Mintegral audiences exist."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_FIRST_ID = 1148


@dataclass(slots=True, kw_only=True)
class Audience:
    ta_id: int = 0
    account: str
    ta_name: str
    area_type: int
    platform: int
    data_path: list[dict[str, Any]]
    ctime: float
    utime: float

    @property
    def device_type(self) -> str:
        """The kinds of its files in one string, as a list shows them."""
        return ",".join(dict.fromkeys(str(file["device_type"]) for file in self.data_path))


@dataclass(slots=True)
class MintegralAudiences:
    by_id: dict[int, Audience] = field(default_factory=dict)
    by_account: dict[str, dict[int, Audience]] = field(default_factory=lambda: defaultdict(dict))
    created: int = 0

    def add(self, audience: Audience) -> Audience:
        """Names may repeat: no document says they are unique."""
        audience.ta_id = _FIRST_ID + self.created
        self.created += 1
        self.by_id[audience.ta_id] = audience
        self.by_account[audience.account][audience.ta_id] = audience
        return audience

    def find(self, account: str, ta_id: int) -> Audience | None:
        return self.by_account[account].get(ta_id)

    def is_taken(self, account: str, ta_name: str) -> bool:
        return any(one.ta_name == ta_name for one in self.by_account[account].values())

    def newest_first(self, account: str) -> Iterator[Audience]:
        return reversed(self.by_account[account].values())

    def delete(self, audience: Audience) -> None:
        del self.by_id[audience.ta_id]
        del self.by_account[audience.account][audience.ta_id]
