"""What is known of one dead letter, and what can be done about it? Everything is shown; edit, replay, discard."""

from __future__ import annotations

import json
from typing import Any

from workers.bootstrap import Service
from workers.dead_letters.answers import Kept, Replayed
from workers.dead_letters.applied import applied
from workers.dead_letters.discard import Discarder
from workers.dead_letters.edit import UNSIGNED, Editor, editable
from workers.dead_letters.filter import ALIKE
from workers.dead_letters.replay import Replayer
from workers.dead_letters.show import whole
from workers.dead_letters.stored import read
from workers.dead_letters.summary import Place
from workers.monitoring.flower.filters import kind
from workers.monitoring.flower.masked import masked, masked_attempts, unmasked, without_jws
from workers.monitoring.flower.page import Page, Refused

GONE = "There is no such dead letter (any more): it was replayed, discarded, or its retention has ended."


class LetterPage(Page):
    """One dead letter, whole."""

    async def get(self) -> None:
        place = _place(self.asked("id"))
        self._show_letter(await self.read(_read, self.here, place), wrong=None, text=None)

    async def post(self) -> None:
        who = self.may_act()
        place = _place(self.given("id"))
        match self.given("order"):
            case "edit":
                await self._edit(place, who.name)
            case "replay":
                await self._replay(place, who.name)
            case "discard":
                await self._discard(place, who.name)
            case _:
                raise Refused("There is no such order: it is edit, replay or discard.", 400)

    def _show_letter(self, seen: dict[str, Any], *, wrong: str | None, text: str | None) -> None:
        unsigned = seen.pop("unsigned") or wrong == UNSIGNED
        self.show("letter.html", **seen, wrong=wrong, text=seen["payload"] if text is None else text, unsigned=unsigned)

    async def _edit(self, place: Place, who: str) -> None:
        text, force = self.given("payload"), self.given("force") == "yes"
        answer = await self.read(_edited, self.here, place, text, who, force)
        if isinstance(answer, str):
            self.set_status(409)
            self._show_letter(await self.read(_read, self.here, place), wrong=answer, text=text)
        else:
            self.done(f"Edited at {', '.join(answer)}. A replay sends it.", self.url("audience-letter", id=place.id))

    async def _replay(self, place: Place, who: str) -> None:
        answer = await self.read(Replayer.of(self.here.door, self.here.redis).replay, place, who)
        if isinstance(answer, Kept):
            raise Refused(f"Not replayed: {answer.why}.")
        if answer.run is None:
            self.done(f"{place.id} came in again.", self.url("audience-dead"))
            return
        account, id_, _ = place.name.split("/")
        url = self.url("audience-job", provider=place.partition_name, account=account, id=id_)
        self.done(f"Replayed as run {answer.run}.", url)

    async def _discard(self, place: Place, who: str) -> None:
        reason = self.given("reason")
        if not reason:
            raise Refused("Say why it is discarded: who reads the audit will want to know.", 400)
        answer = await self.read(Discarder(self.here.redis, reason).discard, place, who)
        if isinstance(answer, Kept):
            raise Refused(f"Not discarded: {answer.why}.")
        self.done(f"{place.id} is discarded.", self.url("audience-dead"))


def _place(id_: str) -> Place:
    place = Place.of(id_)
    if place is None:
        raise Refused(f"“{id_}” is no dead letter's id.", 404)
    return place


def _read(here: Service, place: Place) -> dict[str, Any]:
    found = read(here.redis, place)
    if found is None:
        raise Refused(GONE, 404)
    known = whole(found).model_dump(mode="json", exclude_unset=True)
    letter = {**masked(known), "attempts": masked_attempts(known["attempts"])}
    preview = Replayer.of(here.door, here.redis).would(place)
    return {
        "letter": letter,
        "outcome": applied(letter["category"], letter["attempts"]),
        "payload": _laid_out(masked(editable(found))),
        "kind": kind(letter[name] for name in ALIKE),
        "body": _pretty(found.body.decode("utf-8", "replace")),
        "is_text": "body" in known,
        "edits": [{**edit, "old": _laid_out(edit["old"]), "new": _laid_out(edit["new"])} for edit in letter["edits"]],
        "event": _laid_out(letter["event"]),
        "is_message": place.is_message,
        "unsigned": Editor.of(here.door, here.redis).unproven(found, letter["provider"], letter["account"]) == UNSIGNED,
        "next_run": preview.run if isinstance(preview, Replayed) else None,
        "why_not": preview.why if isinstance(preview, Kept) else None,
    }


def _edited(here: Service, place: Place, text: str, who: str, force: bool) -> tuple[str, ...] | str:  # noqa: FBT001
    """Where it was edited; or why it was not."""
    found = read(here.redis, place)
    if found is None:
        return GONE
    try:
        given = unmasked(text, _laid_out(editable(found)))
    except ValueError as error:
        return str(error)
    answer = Editor.of(here.door, here.redis).edit(place, given.encode(), who, force=force)
    return answer.why if isinstance(answer, Kept) else tuple(each or "its root" for each in answer.changed)


def _laid_out(value: Any) -> str:
    """JSON as people write it; half a character, which no page can hold, stays escaped."""
    text = "" if value is None else json.dumps(value, indent=2, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()


def _pretty(body: str) -> str:
    """JSON laid out for reading, anything else as it is; an address is known and hidden however JSON wrote it."""
    try:
        return _laid_out(masked(without_jws(json.loads(body))))
    except (ValueError, RecursionError):
        return str(masked(without_jws(body)))
