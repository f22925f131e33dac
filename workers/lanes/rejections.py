"""Where do messages go that are no valid jobs? Each gets its event, and one counted dead letter with its bytes."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import redis

from schemas.outgoing import Outgoing
from schemas.reading import Readable
from workers.lanes.keys import REJECTED, partition
from workers.lanes.scripts import run


class Rejections:
    """The partition of rejected messages. ``keep_s``: how long their dead letters are kept."""

    def __init__(self, client: redis.Redis, keep_s: float) -> None:
        self._client = client
        self._keep_s = keep_s

    def now(self) -> datetime:
        """The time that their events carry."""
        return datetime.now(UTC)

    def add(self, answer: Outgoing, body: bytes, said: Readable) -> None:
        """Answer one message: the event into the outbox, the bytes into its dead letter. One atomic step.

        ``said`` is for the operator, and may be more than the event tells.
        """
        event = answer.event
        error = event["data"]["error"]
        about = {
            "body": body,
            "provider": said.provider or "",
            "account": said.account or "",
            "operation": said.operation or "",
            "id": said.job_id or "",
            "category": error["category"],
            "message": error["message"],
            "replayable": int(error["replayable"]),
        }
        pairs = [part for pair in about.items() for part in pair]
        name = event["id"].removeprefix(f"{REJECTED}/")
        text = json.dumps(event, ensure_ascii=False).encode()
        run(
            self._client,
            "reject",
            partition(REJECTED),
            name,
            text,
            answer.routing_key,
            round(self._keep_s * 1000),
            *pairs,
        )
