"""What do three ledgers say when they are compared: jobs sent, requests at the provider, events received?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from faults.orders import Order


@dataclass(frozen=True)
class Findings:
    """What does not agree, by the name of what it is about; and what is only counted. Empty is good."""

    lost: list[str]
    """Confirmed by the broker, and no event came."""
    unasked: list[str]
    """Events that nobody asked for: another run or another id of a job is a second final event."""
    altered: list[str]
    """Ids whose events are not equal: a repeat has to say the same."""
    duplicates: dict[str, int]
    """Creates that the provider applied more than once."""
    untold: list[str]
    """Applied at the provider, but the event says that it failed, and not as ``outcome_unknown``."""
    imagined: list[str]
    """The event says that it succeeded, but the provider never applied it."""
    sent_again: list[str]
    """Sent once more after it had been applied, duplicate or refused by the provider's own uniqueness."""
    unknown: list[str]
    """Ended as ``outcome_unknown``: an operator has to look."""
    repeats: int
    """Events beyond the first of an id."""
    endings: Mapping[str, int]
    """How many jobs ended how: ``succeeded``, or the error's category."""

    @property
    def wrong(self) -> dict[str, Any]:
        """What breaks a promise."""
        names = ("lost", "unasked", "altered", "duplicates", "untold", "imagined")
        return {name: found for name in names if (found := getattr(self, name))}


def reconcile(
    confirmed: Iterable[Order], requests: Iterable[Mapping[str, Any]], events: Iterable[Mapping[str, Any]]
) -> Findings:
    """Compare. ``requests`` are entries of the sandbox's ledger, ``events`` every delivery, repeats included."""
    asked = {order.event_id: order for order in confirmed}
    deliveries = list(events)
    first = {event["id"]: event for event in reversed(deliveries)}
    applied, again = _creates(requests)
    ending = {event_id: _ending(event) for event_id, event in first.items()}
    named = {event_id: asked[event_id].name for event_id in first if event_id in asked}
    return Findings(
        lost=sorted(asked.keys() - first.keys()),
        unasked=sorted(first.keys() - asked.keys()),
        altered=sorted({event["id"] for event in deliveries if not _equal(event, first[event["id"]])}),
        duplicates={name: count for name, count in applied.items() if count > 1},
        untold=sorted(each for each, name in named.items() if applied[name] and ending[each] not in _MAY_BE_APPLIED),
        imagined=sorted(each for each, name in named.items() if ending[each] == "succeeded" and not applied[name]),
        sent_again=again,
        unknown=sorted(each for each in named if ending[each] == "outcome_unknown"),
        repeats=len(deliveries) - len(first),
        endings=Counter(ending.values()),
    )


_MAY_BE_APPLIED = {"succeeded", "outcome_unknown"}


def _creates(requests: Iterable[Mapping[str, Any]]) -> tuple[Counter[str], list[str]]:
    """How often each name was created, and the names that were sent again after it."""
    applied: Counter[str] = Counter()
    again = []
    for each in requests:
        if each["method"] != "POST" or not each["name"]:
            continue
        if applied[each["name"]]:
            again.append(each["name"])
        if each["applied"] is not None:
            applied[each["name"]] += 1
    return applied, again


def _ending(event: Mapping[str, Any]) -> str:
    data = event["data"]
    return str(data["status"] if data["status"] == "succeeded" else data["error"]["category"])


def _equal(event: Mapping[str, Any], first: Mapping[str, Any]) -> bool:
    """A rejection is told anew for each copy of its message, at another time."""
    if event["type"] == "audience.job.rejected":
        return bool(event["data"]["error"] == first["data"]["error"])
    return event == first
