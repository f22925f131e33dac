"""What does a list say of a dead letter? One line's worth, read from its hash; no body, no event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.instant import write
from workers.lanes.clock import moment
from workers.lanes.keys import REJECTED, partition

FIELDS = (
    "provider", "account", "operation", "id", "run", "category", "provider_code", "message", "died_at", "count",
    "replayable",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a dead letter lies. Its id is that of its event: partition and name."""

    partition_name: str
    name: str

    @classmethod
    def of(cls, id_: str) -> Place | None:
        """The place that an id names; None for what is no id of a dead letter."""
        partition_name, _, name = id_.partition("/")
        parts = 1 if partition_name == REJECTED else 3
        whole = bool(partition_name) and name.count("/") == parts - 1 and all(name.split("/"))
        return cls(partition_name, name) if whole else None

    @property
    def id(self) -> str:
        return f"{self.partition_name}/{self.name}"

    @property
    def key(self) -> str:
        return f"{partition(self.partition_name)}:dead:{self.name}"

    @property
    def is_message(self) -> bool:
        """Whether it is a message that never became a job."""
        return self.partition_name == REJECTED


@dataclass(frozen=True, slots=True)
class Summary:
    """One dead letter in a list. ``died_at_us`` is microseconds of the state store's clock."""

    place: Place
    provider: str | None
    account: str | None
    operation: str | None
    job_id: str | None
    run: int | None
    category: str
    provider_code: str | None
    message: str
    died_at_us: int
    count: int
    replayable: bool

    def listed(self) -> dict[str, Any]:
        """The contract's field names."""
        return {
            "id": self.place.id,
            "provider": self.provider,
            "account": self.account,
            "operation": self.operation,
            "job_id": self.job_id,
            "run": self.run,
            "category": self.category,
            "provider_code": self.provider_code,
            "message": self.message,
            "died_at": write(moment(self.died_at_us)),
            "count": self.count,
            "replayable": self.replayable,
        }


def summary(place: Place, fields: Mapping[str, bytes | None]) -> Summary:
    """The summary in the fields of a hash that are named in ``FIELDS``."""

    def text(name: str) -> str | None:
        value = fields.get(name)
        return value.decode("utf-8", "replace") if value else None

    def number(name: str) -> int | None:
        value = fields.get(name)
        return int(float(value)) if value else None

    return Summary(
        place=place,
        provider=text("provider"),
        account=text("account"),
        operation=text("operation"),
        job_id=text("id"),
        run=number("run"),
        category=text("category") or "internal",
        provider_code=text("provider_code"),
        message=text("message") or "",
        died_at_us=number("died_at") or 0,
        count=number("count") or 1,
        replayable=number("replayable") == 1,
    )
