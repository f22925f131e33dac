"""What must a provider bring? The faces that every provider folder implements, and how they are found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import entry_points
from typing import Any, Protocol

from pydantic import BaseModel

from workers.config import ProviderConfig
from workers.http import Call
from workers.outcome import Outcome
from workers.settings import SettingsError


@dataclass(frozen=True, slots=True)
class Found:
    """The look-up found exactly what the job asked for."""

    result: dict[str, Any]
    ours: bool
    """Whether the request whose answer was lost did it; otherwise it is older, and somebody else's."""
    differences: tuple[str, ...] = ()
    """What differs between the audience and the request, a sentence each, for the event's warnings."""


@dataclass(frozen=True, slots=True)
class Absent:
    """The look-up could see everything it had to see, and what the job asked for was not there."""


@dataclass(frozen=True, slots=True)
class CannotTell:
    """The look-up found something that cannot be told apart, such as two audiences of one name."""

    why: str


Look = Found | Absent | CannotTell


class Operation(Protocol):
    """One operation of a provider. ``payload`` is an instance of ``payload_model``."""

    payload_model: type[BaseModel]

    def send(self, payload: Any, call: Call) -> Outcome:
        """Do it, and read the outcome from the answer. May raise ``AttemptEnded``."""


class Findable(Operation, Protocol):
    """An operation that is not safe to repeat, and whose effect can be looked up."""

    def find(self, payload: Any, call: Call, since: datetime | None) -> Look:
        """Look for what the job asked for, an audience by its natural key.

        ``since`` is when the request whose answer was lost was sent; None when the provider itself said that
        the audience exists, whoever made it. May raise ``AttemptEnded``.
        """


class Provider(Protocol):
    """A provider: its name, its settings, its operations."""

    name: str
    config_model: type[ProviderConfig]
    operations: Mapping[str, Operation]


def installed() -> dict[str, Provider]:
    """Every installed provider by name, found by the entry point group ``audience_workers.providers``.

    Raises ``SettingsError`` for one that cannot be loaded.
    """
    found: dict[str, Provider] = {}
    for point in entry_points(group="audience_workers.providers"):
        try:
            found[point.name] = point.load()
        except Exception as error:
            raise SettingsError(
                f"the provider {point.name} cannot be loaded from {point.value} ({type(error).__name__}: {error}): "
                "mend its package, or uninstall it"
            ) from error
    return found
