"""What becomes of a dead letter that is replayed? A job runs again as its next run; a message comes in again.

In this order: first the job stands in its lane, then the dead letter goes. A crash between the two leaves a dead
letter whose job is known, and replaying it once more changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import redis

from workers.dead_letters.scripts import run
from workers.dead_letters.summary import Place, Summary, summary
from workers.lanes.lanes import Lanes

Readmit = Callable[[bytes], str | None]
"""Lets the bytes of a message come in again. None: they are a job now; else a sentence that says why not."""

MaxAge = Callable[[str, str], float | None]
"""provider, account → the maximum age of a job in seconds; None: there is no such account."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """The job is in its lane. ``run``: its next one; None for a message, which begins at its first."""

    id: str
    run: int | None


@dataclass(frozen=True, slots=True)
class Kept:
    """The dead letter stays as it is, or there is none; ``why`` is a sentence."""

    id: str
    why: str


@dataclass(frozen=True)
class Replayer:
    """Replays dead letters, one after the other."""

    client: redis.Redis
    lanes: Mapping[str, Lanes]
    max_age_s: MaxAge
    readmit: Readmit
    refuse: Readmit
    """Says what ``readmit`` would, and does nothing."""

    def would(self, place: Place) -> Replayed | Kept:
        """What ``replay`` would answer, with nothing done."""
        found = self.read(place)
        if found is None:
            return Kept(place.id, "there is no such dead letter (any more)")
        refusal = why_not(found)
        if refusal is None and place.is_message:
            refusal = self.refuse(self._body(found))
        if refusal is not None:
            return Kept(place.id, refusal)
        return Replayed(place.id, None if found.run is None else found.run + 1)

    def replay(self, place: Place) -> Replayed | Kept:
        """Replay one dead letter, if it can be."""
        found = self.read(place)
        if found is None:
            return Kept(place.id, "there is no such dead letter (any more)")
        refusal = why_not(found)
        if refusal is not None:
            return Kept(place.id, refusal)
        return self._message(found) if place.is_message else self._job(found)

    def read(self, place: Place) -> Summary | None:
        stored: dict[bytes, bytes] = self.client.hgetall(place.key)  # type: ignore[assignment]  # bytes, by our client
        fields: dict[str, bytes | None] = {name.decode(): value for name, value in stored.items()}
        return summary(place, fields) if fields else None

    def _job(self, found: Summary) -> Replayed | Kept:
        id_, provider = found.place.id, found.place.partition_name
        account, job_id, run_text = found.place.name.split("/")
        max_age_s = self.max_age_s(provider, account)
        if max_age_s is None or provider not in self.lanes:
            return Kept(id_, f"{provider} has no account {account} in this configuration: add it, then replay")
        match self.lanes[provider].replay(account, job_id, int(run_text), max_age_s):
            case "replayed":
                return Replayed(id_, int(run_text) + 1)
            case "overtaken":
                return Kept(id_, "a later run or a new job of the same id exists: that one decides")
            case _:
                return Kept(id_, "there is no such dead letter (any more)")

    def _message(self, found: Summary) -> Replayed | Kept:
        refusal = self.readmit(self._body(found))
        if refusal is not None:
            return Kept(found.place.id, refusal)
        run(self.client, "remove", found.place.index, found.place.name, found.died_at_us)
        return Replayed(found.place.id, None)

    def _body(self, found: Summary) -> bytes:
        return self.client.hget(found.place.key, "body") or b""  # type: ignore[return-value]  # bytes, by our client


def why_not(found: Summary) -> str | None:
    """Why this dead letter cannot be replayed as it is; None if it may be tried.

    A message that was no valid job may be one for this release: that is seen when it comes in again.
    """
    if found.replayable or found.category == "invalid_job":
        return None
    return _NEVER.get(found.category, "it would end in the same way; submit a new job in its place")


_NEVER = {
    "conflicting_duplicate": "its id belongs to another job: submit it under a new id",
    "expired": "its expires_at has passed: submit it again with a later one, under a new id",
    "cancelled": "it was cancelled: submit a new job if it is wanted after all",
}
