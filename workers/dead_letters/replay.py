"""What becomes of a dead letter that is replayed? A job runs again as its next run; a message comes in again.

In this order: first the job stands in its lane, then the dead letter goes. A crash between the two leaves a dead
letter whose job is known, and replaying it once more changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import redis

from workers.config import ProviderConfig
from workers.dead_letters.answers import CHANGED, GONE, Kept, Replayed
from workers.dead_letters.readmission import Readmission, no_account
from workers.dead_letters.removal import remove
from workers.dead_letters.stored import Stored, read
from workers.dead_letters.summary import Place, Summary
from workers.intake.door import Door
from workers.lanes.lanes import Lanes


@dataclass(frozen=True)
class Replayer:
    """Replays dead letters, one after the other."""

    client: redis.Redis
    lanes: Mapping[str, Lanes]
    configs: Mapping[str, ProviderConfig]
    readmission: Readmission

    @classmethod
    def of(cls, door: Door, client: redis.Redis) -> Replayer:
        """A replayer over the parts of a service."""
        return cls(client, door.lanes, door.configs, Readmission(door, door.configs))

    def would(self, place: Place) -> Replayed | Kept:
        """What ``replay`` would answer, with nothing done."""
        found = read(self.client, place)
        refusal = GONE if found is None else self._refusal(found)
        if found is None or refusal is not None:
            return Kept(place.id, refusal or GONE)
        run = found.summary.run
        return Replayed(place.id, None if run is None else run + 1)

    def replay(self, place: Place, who: str = "") -> Replayed | Kept:
        """Replay one dead letter, if it can be. ``who``: for a line in the audit about this one."""
        found = read(self.client, place)
        if found is None:
            return Kept(place.id, GONE)
        refusal = self._refusal(found)
        if refusal is not None:
            return Kept(place.id, refusal)
        return self._message(found, who) if place.is_message else self._job(place, who)

    def _refusal(self, found: Stored) -> str | None:
        refusal = why_not(found.summary)
        if refusal is not None:
            return refusal
        if found.place.is_message:
            return self.readmission.refusal(found)
        provider, account = found.place.partition_name, found.place.name.split("/")[0]
        known = provider in self.lanes and account in self.configs[provider].accounts
        return None if known else no_account(provider, account)

    def _job(self, place: Place, who: str) -> Replayed | Kept:
        provider = place.partition_name
        account, job_id, run = place.name.split("/")
        max_age_s = self.configs[provider].policy(account).max_age_s
        match self.lanes[provider].replay(account, job_id, int(run), max_age_s, who):
            case "replayed":
                return Replayed(place.id, int(run) + 1)
            case "overtaken":
                return Kept(place.id, "a later run or a new job of the same id exists: that one decides")
            case _:
                return Kept(place.id, GONE)

    def _message(self, found: Stored, who: str) -> Replayed | Kept:
        refusal = self.readmission.enter(found)
        if refusal is None and not remove(self.client, found, who, "replay"):
            refusal = f"it is a job now, but {CHANGED}"
        return Replayed(found.place.id, None) if refusal is None else Kept(found.place.id, refusal)


def why_not(found: Summary) -> str | None:
    """Why this dead letter cannot be replayed as it is; None if it may be tried.

    A message that was no valid job may be one for this release: that is seen when it comes in again.
    """
    if found.replayable or found.category == "invalid_job":
        return None
    return _NEVER.get(found.category, "it would end in the same way; submit a new job in its place")


_NEVER = {
    "conflicting_duplicate": "its id belongs to another job: edit it, so that it has a new one",
    "expired": "its expires_at has passed: submit it again with a later one, under a new id",
    "cancelled": "it was cancelled: submit a new job if it is wanted after all",
}
