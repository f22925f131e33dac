"""How are events read from Redis? From the stream: its list can lose what a consumer of kombu's has just taken."""

from __future__ import annotations

from collections import deque
from typing import Any

from kombu import Connection

from audience_client.connection import connect
from audience_client.reader import Received

STREAM = "audience:results"
WAIT_MS = 1000
_PAGE = 50
_MEMBER = "reader"  # one name for all: whoever comes next takes up what the last one left unfinished


class StreamReader:
    """``name`` is the consumer group, which remembers what was done; None: events from now on.

    A new group begins with the oldest event of the stream, which keeps about 100,000.
    """

    def __init__(self, url: str, name: str | None) -> None:
        self._url, self._name = url, name
        self._connection: Connection = connect(url)
        self._place: Any = None
        self._read: deque[Any] = deque()
        self.lost: tuple[type[BaseException], ...] = self._connection.recoverable_connection_errors

    def open(self, patience_s: float) -> None:
        """Connect, and go back to what is not done yet; without a name, to the place in the stream."""
        self.close()
        self._connection = connect(self._url)
        self._connection.ensure_connection(timeout=patience_s, reraise_as_library_errors=True)
        self._client: Any = self._connection.default_channel.client  # a Redis client, which kombu brings
        if self._name is not None:
            self._declare(self._name)
            self._place = "0"
        elif self._place is None:
            newest = self._client.xrevrange(STREAM, count=1)
            self._place = newest[0][0] if newest else "0"

    def next(self) -> Received | None:
        """The next event; None where there was none for a second."""
        if not self._read:
            self._read.extend(self._page())
        if not self._read:
            return None
        entry, fields = self._read.popleft()
        if self._name is None:
            self._place = entry
        if not fields:  # trimmed, before this group came to it
            self._done(entry)
            return None
        return Received(fields[b"event"], lambda: self._done(entry))

    def close(self) -> None:
        """Let go of Redis."""
        self._read.clear()
        self._connection.release()

    def _declare(self, name: str) -> None:
        try:
            self._client.xgroup_create(STREAM, name, id="0", mkstream=True)
        except self._connection.channel_errors as error:
            if "BUSYGROUP" not in str(error):  # the group stands already
                raise

    def _page(self) -> list[Any]:
        if self._name is None:
            return _entries(self._client.xread({STREAM: self._place}, count=_PAGE, block=WAIT_MS))
        answer = self._client.xreadgroup(self._name, _MEMBER, {STREAM: self._place}, count=_PAGE, block=WAIT_MS)
        entries = _entries(answer)
        if self._place != ">":  # what was left unfinished comes first, page by page
            self._place = entries[-1][0] if entries else ">"
        return entries

    def _done(self, entry: Any) -> None:
        if self._name is not None:
            self._client.xack(STREAM, self._name, entry)


def _entries(answer: Any) -> list[Any]:
    return list(answer[0][1]) if answer else []
