"""Which payloads do Northwind's operations take? Its own fields, under its own names."""

from typing import ClassVar

from pydantic import Field

from schemas.rules import Rule, exactly_one
from schemas.scalars import AtLeast1, Text, Text256
from schemas.wire import Wire


class CreateAudience(Wire):
    """A segment, by a rule or from a list that Northwind already holds."""

    rules: ClassVar[tuple[Rule, ...]] = exactly_one("rule", "list_id")

    external_id: Text256 = Field(description="The natural key: Northwind takes each one once in an account.")
    name: Text256
    rule: Text | None = Field(default=None, description="Such as: country = NO and age < 30.")
    list_id: Text | None = None
    days: AtLeast1 | None = Field(default=None, description="How long the segment lives.")


class GetAudience(Wire):
    """One segment."""

    id: Text
