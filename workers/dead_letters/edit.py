"""How is a dead letter mended? Its payload is replaced, checked as at the door; the next replay sends the new one.

Of a message that never became a job, what is replaced may also be the whole job: its envelope may be what was wrong.
The original bytes, and every payload in between, stay to be seen. The job is then known to the door as what its
producer sent and as what it was edited to: neither is a conflicting duplicate.

What was edited is the operator's, and needs no signature. So an edit of many must not carry in what somebody put
among them: where no producer of the job's account signed the message, an edit must be forced.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import redis

from schemas import strict_json
from schemas.canonical_json import digest
from schemas.problem import Problem
from schemas.reading import Payloads, Refused, read_job
from schemas.strict_json import Json, compact
from workers.config import ProviderConfig
from workers.dead_letters.answers import CHANGED, GONE, Edited, Kept
from workers.dead_letters.differences import differences
from workers.dead_letters.merge import Merge, about, merged
from workers.dead_letters.replay import why_not
from workers.dead_letters.scripts import run
from workers.dead_letters.stored import Stored, read
from workers.dead_letters.summary import Place
from workers.intake.allowed import is_allowed
from workers.intake.door import DIGEST, Door
from workers.intake.message import from_queue
from workers.settings import SettingsError

WHOLE_JOB = frozenset({"id", "provider", "account", "operation", "payload"})
"""What every job has, and no payload: so is told which of the two an edit of a message holds."""

UNKNOWN_OUTCOME = (
    "its create or change may have been applied with the payload it has; a replay looks for what the new payload "
    "describes, and would not find that one: replay it first, or edit it all the same with --force"
)
UNSIGNED = (
    "no producer of its account signed it, and an edited job needs no signature: whoever sent it would be let in; "
    "if that is right, edit it with --force"
)
NO_JOB = "it cannot be read as a JSON object: give the whole job in place of the payload"
NOT_WHOLE = "not all of it can be read, and the rest of it would be lost: give the whole job in place of the payload"


@dataclass(frozen=True)
class Editor:
    """Edits dead letters. ``payloads``: what jobs can be."""

    client: redis.Redis
    payloads: Payloads
    configs: Mapping[str, ProviderConfig]

    @classmethod
    def of(cls, door: Door, client: redis.Redis) -> Editor:
        """An editor over the parts of a service."""
        return cls(client, door.payloads, door.configs)

    def edit(self, place: Place, given: bytes, who: str, *, force: bool = False) -> Edited | Kept:
        """Replace the payload by ``given``, a JSON object.

        ``force``: also while the outcome is unknown, and where no producer of the account signed the message.
        """
        found = self._found(place, force=force)
        if isinstance(found, Kept):
            return found
        parsed = strict_json.parse(given)
        if parsed.problems:
            return Kept(place.id, _sentence(parsed.problems))
        job = self._job(found, parsed.value, force=force)
        return job if isinstance(job, Kept) else self.keep(found, job, who, forced=force)

    def merge(self, place: Place, patch: Merge, who: str) -> Edited | Kept:
        """Merge fields into the payload, or into a message's whole job."""
        found = self._found(place, force=patch.force)
        if isinstance(found, Kept):
            return found
        old = editable(found)
        if not isinstance(old, dict) or not found.is_whole:
            return Kept(place.id, NO_JOB if old is None else NOT_WHOLE)
        job = self._job(found, merged(old, patch.fields), force=patch.force)
        if isinstance(job, Kept):
            return job
        if patch.dry_run:
            return _change(found, job)
        return self.keep(found, job, who, forced=patch.force, audited=patch.audited)

    def _found(self, place: Place, *, force: bool) -> Stored | Kept:
        """The dead letter, if it may be edited."""
        found = read(self.client, place)
        refusal = GONE if found is None else _refusal(found, force=force)
        return Kept(place.id, refusal or GONE) if found is None or refusal is not None else found

    def _job(self, found: Stored, given: Json, *, force: bool) -> dict[str, Any] | Kept:
        """The job with what was given in its place, if it is a valid one."""
        job = _edited(found, given)
        if job is None:
            return Kept(found.place.id, NO_JOB if found.job is None else NOT_WHOLE)
        checked = read_job(job, self.payloads)
        if isinstance(checked, Refused):
            whole = found.place.is_message and given is job
            return Kept(found.place.id, _sentence(checked.problems if whole else _from_payload(checked.problems)))
        unproven = None if force else self.unproven(found, checked.job.provider, checked.job.account)
        return job if unproven is None else Kept(found.place.id, unproven)

    def unproven(self, found: Stored, provider: str | None, account_name: str | None) -> str | None:
        """Why who sent it may not have been allowed to, for this account; None if they were. Jobs were asked before."""
        config = self.configs.get(provider or "")
        account = None if config is None else config.accounts.get(account_name or "")
        if not found.place.is_message:
            return None
        if account is None:
            return f"who may enqueue for {provider}'s account {account_name} is not known: configure it, then edit"
        try:
            signed = from_queue(found.body, self.payloads).signed
            return None if not account.producers or is_allowed(signed, account) else UNSIGNED
        except SettingsError as error:
            return f"its signature cannot be checked: {error}"

    def keep(
        self, found: Stored, job: dict[str, Any], who: str, *, forced: bool = False, audited: bool = True
    ) -> Edited | Kept:
        """Store a valid job as what the next replay of a dead letter sends, unless it has changed since it was read."""
        place, answer = found.place, _change(found, job)
        if isinstance(answer, Kept):
            return answer
        old, new, changed = editable(found), _replaced(found, job), answer.changed
        line = {"at": self._now_s(), "who": who, "changed": changed, "old": old, "new": new}
        lines = [*found.edits_text.splitlines(), json.dumps(line, ensure_ascii=False).encode()]
        is_new = "" if place.is_message else digest(job["operation"], job["payload"])[:DIGEST]
        detail = json.dumps(about(changed, forced=forced))
        done = run(
            self.client, "edit", place.partition_name, place.name, found.died_at, found.edits_text, b"\n".join(lines),
            compact(job), is_new, int(place.is_message), who if audited else "", detail,
        )  # fmt: skip
        return answer if done else Kept(place.id, CHANGED)

    def _now_s(self) -> float:
        seconds, micros = self.client.time()
        return float(seconds) + float(micros) / 1e6


def editable(found: Stored) -> Json:
    """What an edit replaces: a job's payload, a message's whole job. None where it is no JSON object."""
    job = found.job
    return job if found.place.is_message or job is None else job.get("payload")


def _refusal(found: Stored, *, force: bool) -> str | None:
    if found.place.is_message:
        return None
    if found.summary.category == "outcome_unknown" and not force:
        return UNKNOWN_OUTCOME
    return why_not(found.summary)


def _change(found: Stored, job: dict[str, Any]) -> Edited | Kept:
    """What an edit to this job changes."""
    changed = tuple(differences(editable(found), _replaced(found, job)))
    return Edited(found.place.id, changed) if changed else Kept(found.place.id, "that is what it holds already")


def _replaced(found: Stored, job: dict[str, Any]) -> Json:
    return job if found.place.is_message else job["payload"]


def _edited(found: Stored, given: Json) -> dict[str, Any] | None:
    """The whole job with what was given in its place; None where there is no job to put it into."""
    if found.place.is_message and isinstance(given, dict) and given.keys() >= WHOLE_JOB:
        return given
    return {**found.job, "payload": given} if found.job is not None and found.is_whole else None


def _from_payload(problems: Iterable[Problem]) -> list[Problem]:
    """Problems of a job, their places as in the file that holds its payload."""
    return [Problem(each.pointer.removeprefix("/payload"), each.expected) for each in problems]


def _sentence(problems: Iterable[Problem]) -> str:
    said = [f"at {each.pointer or 'its root'}: {each.expected}" for each in problems]
    return f"it would be no valid job; expected {'; '.join(said[:_SHOWN])}{_more(len(said) - _SHOWN)}"


_SHOWN = 10


def _more(count: int) -> str:
    return f" (and {count} more)" if count > 0 else ""
