"""What is known of one dead letter? Everything, laid out for reading or as JSON."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from workers.cli.attempts import say_attempts
from workers.cli.connection import connected
from workers.cli.dead.options import place_of
from workers.cli.endings import Failed
from workers.cli.output import Json, one_line, say, say_json, yes_or_no
from workers.dead_letters.applied import applied
from workers.dead_letters.show import whole as whole_of
from workers.dead_letters.stored import Stored, read


def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As `audience dead list` shows it.")],
    *,
    payload: Annotated[
        bool, typer.Option("--payload", help="Only what `dead edit` replaces, as JSON: a payload, or a message's job.")
    ] = False,
    as_json: Json = False,
) -> None:
    """One dead letter: its error, every attempt, the original message, every edit and the event."""
    place = place_of(id_)
    found = read(connected().redis, place)
    if found is None:
        raise Failed(f"There is no dead letter {id_} (any more): `audience dead list` shows those there are.")
    if payload:
        _show_payload(found)
        return
    whole = whole_of(found).model_dump(mode="json", exclude_unset=True)
    if as_json:
        say_json(whole)
    else:
        _show(whole)
        say(f"\n{_what_next(found)}")


def _show(whole: dict[str, Any]) -> None:
    for name, value in whole.items():
        if name not in _APART:
            say(f"{name:14} {one_line(yes_or_no(value))}")
    say(f"{'outcome':14} {applied(whole['category'], whole['attempts'])}")
    say_attempts(whole["attempts"], "attempts")
    for each in whole["attempts"]:
        _show_exchanges(each)
    for name in ("body", "body_base64"):
        if name in whole:
            say(f"\n{name}\n{_pretty(whole[name])}")
    for each in whole["edits"]:
        say(f"\nedited {each['at']} by {one_line(each['who'])}: {one_line(', '.join(each['changed']))}")
    if whole["edits"]:
        say(_laid_out(whole["edits"][-1]["new"]))
    say(f"\nevent\n{_laid_out(whole['event'])}")


def _show_exchanges(attempt: dict[str, Any]) -> None:
    for each in attempt["exchanges"]:
        status = "no whole answer" if each["status"] is None else f"HTTP {each['status']}"
        say(f"\nrun {attempt['run']}, attempt {attempt['number']}: {each['method']} {one_line(each['url'])}: {status}")
        for direction, text in (("sent", each["body"]), ("answer", each["answer"])):
            if text:
                say(f"  {direction:8} {one_line(text)}")


_APART = {"attempts", "edits", "body", "body_base64", "event"}


def _show_payload(found: Stored) -> None:
    from workers.dead_letters.edit import editable

    value = editable(found)
    if value is None:
        raise Failed(f"{found.place.id} holds no JSON object: `audience dead show` shows its bytes.")
    say(_laid_out(value))


def _laid_out(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _pretty(body: str) -> str:
    """JSON laid out for reading; anything else without what would steer the terminal."""
    try:
        return _laid_out(json.loads(body))
    except (ValueError, RecursionError):
        return "\n".join(one_line(line) for line in body.splitlines())


def _what_next(found: Stored) -> str:
    from workers.dead_letters.replay import why_not

    id_, its = found.place.id, found.summary
    refusal = why_not(its)
    if refusal is not None:
        return f"It cannot be replayed as it is: {refusal}."
    if its.category == "invalid_job" and not found.edits:
        return f"It is no valid job. Mend it: audience dead edit {id_} --payload FILE"
    return f"When its cause is gone: audience dead replay {id_}"
