"""What can be ordered for all that a filter lets through? To edit, replay or discard them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workers.bootstrap import Service
from workers.dead_letters.answers import Discarded, Edited, Kept, Replayed
from workers.dead_letters.discard import Discarder
from workers.dead_letters.edit import Editor
from workers.dead_letters.merge import Merge, fields_of
from workers.dead_letters.rate import RATE, interval_s
from workers.dead_letters.replay import Replayer
from workers.dead_letters.summary import Place
from workers.monitoring.flower.masked import unmasked
from workers.monitoring.flower.page import Refused

Field = Callable[[str], str]
"""Reads a field of a form by its name, "" without one."""

Answer = Edited | Replayed | Discarded | Kept


@dataclass(frozen=True, slots=True)
class Act:
    """What is done with each. ``would`` only looks. ``about``: what the audit keeps of it, beside its filter."""

    would: Callable[[Place], Answer]
    do: Callable[[Place], Answer]
    about: dict[str, Any]
    interval_s: float = 0.0


def act_of(does: str, field: Field, here: Service, who: str) -> Act:
    """The act of that name, as a form asks for it.

    Raises ``Refused``; ``ValueError`` with a sentence for what cannot be merged.
    """
    makers: dict[str, Callable[[], Act]] = {
        "edit": lambda: _edit(field("merge"), here, who),
        "replay": lambda: _replay(field("rate") or RATE, here),
        "discard": lambda: _discard(field("reason"), here),
    }
    if does not in makers:
        raise Refused(f"There is no such order: it is {', '.join(makers)}.", 400)
    return makers[does]()


def _edit(text: str, here: Service, who: str) -> Act:
    fields = fields_of(unmasked(text, ""))
    editor, patch, dry = Editor.of(here.door, here.redis), Merge(fields), Merge(fields, dry_run=True)
    return Act(lambda place: editor.merge(place, dry, who), lambda place: editor.merge(place, patch, who), patch.about)


def _replay(rate: str, here: Service) -> Act:
    replayer = Replayer.of(here.door, here.redis)
    try:
        return Act(replayer.would, replayer.replay, {"rate": rate}, interval_s(rate))
    except ValueError as error:
        raise Refused(f"“{rate}”: {error}.", 400) from error


def _discard(reason: str, here: Service) -> Act:
    discarder = Discarder(here.redis, reason)
    return Act(discarder.would, discarder.discard, {"reason": reason})
