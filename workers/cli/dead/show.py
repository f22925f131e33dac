"""What is known of one dead letter? Everything, laid out for reading or as JSON."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from workers.cli.connection import connected
from workers.cli.dead.options import place_of
from workers.cli.endings import Failed
from workers.cli.output import Json, one_line, say, say_json, say_table
from workers.dead_letters.replay import why_not
from workers.dead_letters.show import show as read
from workers.dead_letters.summary import Place, Summary

_ATTEMPT = ("run", "number", "started_at", "ended_at", "outcome", "requests", "http_status", "provider_code", "message")


def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As `audience dead list` shows it.")],
    *,
    as_json: Json = False,
) -> None:
    """One dead letter: its error, every attempt, the original message and the event."""
    place = place_of(id_)
    letter = read(connected().redis, place)
    if letter is None:
        raise Failed(f"There is no dead letter {id_} (any more): `audience dead list` shows those there are.")
    whole = letter.model_dump(mode="json", exclude_unset=True)
    if as_json:
        say_json(whole)
        return
    for name, value in whole.items():
        if name not in _APART:
            say(f"{name:14} {one_line(value)}")
    if whole["attempts"]:
        say("")
        say_table(_ATTEMPT, ([each[name] for name in _ATTEMPT] for each in whole["attempts"]), "attempts")
    for name in ("body", "body_base64"):
        if name in whole:
            say(f"\n{name}\n{_pretty(whole[name])}")
    say(f"\nevent\n{json.dumps(whole['event'], indent=2, ensure_ascii=False)}")
    say(f"\n{_what_next(place, whole)}")


_APART = {"attempts", "edits", "body", "body_base64", "event"}


def _pretty(body: str) -> str:
    """JSON laid out for reading; anything else without what would steer the terminal."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return "\n".join(one_line(line) for line in body.splitlines())


def _what_next(place: Place, whole: dict[str, Any]) -> str:
    known = {name: whole[name] for name in ("provider", "account", "operation", "job_id", "run")}
    about = Summary(
        place=place, **known, category=whole["category"], provider_code=None, message="", died_at_us=0, count=1,
        replayable=whole["replayable"],
    )  # fmt: skip
    refusal = why_not(about)
    if refusal is None:
        if whole["category"] == "invalid_job":
            return "It is no valid job. If another release takes it: audience dead replay " + place.id
        return f"When its cause is gone: audience dead replay {place.id}"
    return f"It cannot be replayed as it is: {refusal}."
