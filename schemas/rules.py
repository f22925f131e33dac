"""Which rules hold between the fields of an object, as data that models and JSON Schemas both read.

`given` is always the object as it came, without the nulls: a rule speaks even where another field is wrong.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Given = Mapping[str, Any]
Broken = tuple[tuple[str, ...], str]
"""The place, from the object itself, and what was expected there."""

_NOT_NULL = {"not": {"type": "null"}}


class Condition(Protocol):
    def holds(self, given: Given) -> bool: ...
    def schema(self) -> dict[str, Any]: ...


class Rule(Protocol):
    """`schema` is empty where JSON Schema cannot say it."""

    def broken(self, given: Given) -> Iterable[Broken]: ...
    def schema(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Present:
    field: str

    def holds(self, given: Given) -> bool:
        return self.field in given

    def schema(self) -> dict[str, Any]:
        return {"required": [self.field], "properties": {self.field: _NOT_NULL}}


@dataclass(frozen=True)
class Absent:
    field: str

    def holds(self, given: Given) -> bool:
        return self.field not in given

    def schema(self) -> dict[str, Any]:
        return {"properties": {self.field: {"type": "null"}}}


@dataclass(frozen=True)
class Is:
    field: str
    values: tuple[str, ...]

    def holds(self, given: Given) -> bool:
        return given.get(self.field) in self.values

    def schema(self) -> dict[str, Any]:
        return {"required": [self.field], "properties": {self.field: {"enum": list(self.values)}}}


@dataclass(frozen=True)
class Required:
    field: str
    when: tuple[Condition, ...]
    expected: str

    def broken(self, given: Given) -> Iterable[Broken]:
        if self.field not in given and all(each.holds(given) for each in self.when):
            yield (self.field,), self.expected

    def schema(self) -> dict[str, Any]:
        return {"if": _all(self.when), "then": Present(self.field).schema()}


@dataclass(frozen=True)
class Forbidden:
    field: str
    when: tuple[Condition, ...]
    expected: str

    def broken(self, given: Given) -> Iterable[Broken]:
        if self.field in given and all(each.holds(given) for each in self.when):
            yield (self.field,), self.expected

    def schema(self) -> dict[str, Any]:
        return {"if": _all(self.when), "then": Absent(self.field).schema()}


@dataclass(frozen=True)
class AtLeastOne:
    fields: tuple[str, ...]

    def broken(self, given: Given) -> Iterable[Broken]:
        if not any(field in given for field in self.fields):
            yield (), f"at least one of {', '.join(self.fields)}"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [Present(field).schema() for field in self.fields]}


def exactly_one(first: str, second: str) -> tuple[Rule, ...]:
    return (
        Required(first, (Absent(second),), f"required, unless {second} is given"),
        Forbidden(second, (Present(first),), f"not given together with {first}: exactly one of the two"),
    )


def _all(conditions: tuple[Condition, ...]) -> dict[str, Any]:
    return conditions[0].schema() if len(conditions) == 1 else {"allOf": [each.schema() for each in conditions]}
