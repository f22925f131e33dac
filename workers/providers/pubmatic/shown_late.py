"""What if PubMatic says that an audience exists, and its list does not show it yet? It is looked for again, later.

How far lists may lag behind creates is documented nowhere. Giving up at once would call a job failed whose audience
is there, so the job's notes keep what was said: its later attempts look, and do not send the create again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from workers.http import Call
from workers.outcome import AlreadyExists, AttemptEnded, Deferred, Said
from workers.redaction import redacted

WAITS_S = (1.0, 2.0)
WAITS_AFTER_A_LOSS_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # an answer was lost before: most likely it is the job's own

_EXISTS, _LOST = "said_to_exist", "answer_lost"
_LATER = Said("PubMatic says that the audience exists, and does not show it yet")


def said_to_exist(call: Call) -> AlreadyExists | None:
    """What an earlier attempt of the job was told, if its audience was not found since."""
    kept: Mapping[str, Any] | None = call.notes.known.get(_EXISTS)
    return None if kept is None else AlreadyExists(Said(kept["message"], kept["code"], kept["http_status"]))


def keep(call: Call, told: AlreadyExists) -> None:
    """Write down what PubMatic said, without any secret."""
    shown = redacted(told, call.secrets)
    if isinstance(shown, AlreadyExists):
        call.notes.keep(_EXISTS, asdict(shown.said) | {"looks": 0})


def not_found(call: Call, since: datetime | None) -> None:
    """Take note of a look-up in vain, ``since`` as in ``Findable.find``.

    Raises ``AttemptEnded(Deferred)`` where the audience is said to exist, and has not had its time to appear.
    """
    known = call.notes.known
    if since is not None and not known.get(_LOST):
        call.notes.keep(_LOST, value=True)
    kept: dict[str, Any] | None = known.get(_EXISTS)
    if since is not None or kept is None:
        return
    waits_s = WAITS_AFTER_A_LOSS_S if known.get(_LOST) else WAITS_S
    if kept["looks"] < len(waits_s):
        call.notes.keep(_EXISTS, kept | {"looks": kept["looks"] + 1})
        raise AttemptEnded(Deferred(_LATER, waits_s[kept["looks"]]))
