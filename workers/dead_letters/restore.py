"""How does an exported dead letter come back? Under its own id and time, once, and without a word to anybody.

With it comes what the door knew of its job, for as long as it would have known it: the same job again is no new one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis
from pydantic import ValidationError

from schemas import strict_json
from schemas.canonical_json import digest
from schemas.dead_letter import Attempt, DeadLetter
from schemas.instant import read as instant
from schemas.strict_json import compact
from schemas.wire import problems_of
from workers.dead_letters.scripts import run
from workers.dead_letters.summary import Place
from workers.intake.door import DIGEST


class Unfit(Exception):  # noqa: N818 - an ending, not a bug
    """The line holds no dead letter of this service; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A dead letter that can be put back: where, when it died (us), the run of its job if it has one, its fields."""

    place: Place
    died_at_us: int
    job: tuple[str, str, int]
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Restorer:
    """Puts exported dead letters back.

    ``keep_s``: how long they are kept, ``known_s``: how long the door knows their jobs, both from the death.
    """

    client: redis.Redis
    providers: Collection[str]
    keep_s: float
    known_s: float

    def read(self, line: bytes) -> Fit:
        """A line that `export` wrote. Raises ``Unfit``."""
        letter = _letter(line)
        place = self._place(letter)
        fields = {**_about(letter), **_edits(letter, place), **({} if place.is_message else _of_the_job(letter))}
        job = ("", "", 0) if place.is_message else (letter.account or "", letter.job_id or "", letter.run or 0)
        return Fit(
            place, _us(letter.died_at), job, {name: value for name, value in fields.items() if value is not None}
        )

    def restore(self, fit: Fit) -> str:
        """Put one back: "restored", "known" (it is here), "overtaken" (its job went on) or "expired"."""
        pairs = [part for pair in fit.fields.items() for part in pair]
        said = run(
            self.client, "restore", fit.place.partition_name, fit.place.name, fit.died_at_us,
            round(self.keep_s * 1000), round(self.known_s * 1000), *fit.job, *pairs,
        )  # fmt: skip
        return str(said.decode())

    def _place(self, letter: DeadLetter) -> Place:
        place = Place.of(letter.id)
        named = f"{letter.provider}/{letter.account}/{letter.job_id}/{letter.run}"
        if place is None or not (place.is_message or letter.id == named):
            raise Unfit("expected at /id: the id of a dead letter, as provider, account, job_id and run make it")
        if not place.is_message and place.partition_name not in self.providers:
            raise Unfit(f"{place.partition_name} is not installed here: install it, then import again")
        return place


def _letter(line: bytes) -> DeadLetter:
    try:
        return DeadLetter.model_validate(json.loads(line))
    except ValidationError as error:
        said = "; ".join(f"at {each.pointer or 'its root'}: {each.expected}" for each in problems_of(error))
        raise Unfit(f"expected {said}") from None  # the cause quotes the line
    except (ValueError, RecursionError):
        raise Unfit("expected one JSON object, as `audience dead export` writes it") from None


def _about(letter: DeadLetter) -> dict[str, Any]:
    """The fields that every dead letter has."""
    return {
        "provider": letter.provider or "",
        "account": letter.account or "",
        "operation": letter.operation or "",
        "id": letter.job_id or "",
        "category": letter.category,
        "provider_code": letter.provider_code or "",
        "message": letter.message,
        "replayable": int(letter.replayable),
        "count": letter.count,
        "body": _body(letter),
        "event": json.dumps(letter.event.model_dump(mode="json", exclude_unset=True), ensure_ascii=False),
        "history": "\n".join(json.dumps(_line(each)) for each in letter.attempts) or None,
    }


def _of_the_job(letter: DeadLetter) -> dict[str, Any]:
    """What a replay of a job and the door need beside: it is the job's record, as far as the dead letter tells it."""
    job = _job(_body(letter))
    told = (letter.provider, letter.account, letter.job_id, letter.operation)
    said = tuple(job.get(name) for name in ("provider", "account", "id", "operation"))
    if letter.operation is None or said != told or not isinstance(job.get("payload"), dict):
        raise Unfit("expected at /body: the job that the other fields tell of")
    payloads = [job["payload"], *(each.old for each in letter.edits), *(each.new for each in letter.edits)]
    unknown = [each.started_at for each in letter.attempts if each.outcome == "Unknown"]
    ran = letter.event.data
    return {
        "state": "failed",
        "digest": " ".join(dict.fromkeys(digest(letter.operation, payload)[:DIGEST] for payload in payloads)),
        "routing_key": f"{letter.provider}.{letter.operation}.{ran.status}",
        "attempts": ran.attempts,
        "requests": ran.requests,
        "accepted_at": ran.enqueued_at and _us(ran.enqueued_at),
        "started_at": ran.started_at and _us(ran.started_at),
        "expires_at": _us(instant(job["expires_at"])) if isinstance(job.get("expires_at"), str) else None,
        "unknown_since": _us(unknown[0]) if unknown else None,  # rather too early: what is found is then ours
    }


def _edits(letter: DeadLetter, place: Place) -> Mapping[str, Any]:
    if not letter.edits:
        return {}
    lines = [{**each.model_dump(mode="json"), "at": each.at.timestamp()} for each in letter.edits]
    new = letter.edits[-1].new
    edited = new if place.is_message else {**_job(_body(letter)), "payload": new}
    return {"edits": "\n".join(json.dumps(line, ensure_ascii=False) for line in lines), "edited": compact(edited)}


def _job(body: bytes) -> dict[str, Any]:
    value = strict_json.parse(body).value
    return value if isinstance(value, dict) else {}


def _body(letter: DeadLetter) -> bytes:
    return letter.body.encode() if letter.body is not None else base64.b64decode(letter.body_base64 or "")


def _line(attempt: Attempt) -> dict[str, Any]:
    """A line of the history, whose times are seconds."""
    ended_at = attempt.ended_at and attempt.ended_at.timestamp()
    return {**attempt.model_dump(mode="json"), "started_at": attempt.started_at.timestamp(), "ended_at": ended_at}


def _us(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6)
