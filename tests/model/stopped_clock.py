"""How does a test move the time of the scripts? It reads them a clock of its own in place of the server's.

The scripts take the time from Redis (``TIME``) and from nowhere else; production has no knob for that, and gets none
for a test. So the one place where they read it is exchanged in their text, on its way to the server. What Redis
expires by itself (``PEXPIRE``) still goes by the server's clock: tests keep everything for long, and play the end of
a retention by deleting the key, which is what Redis does then.
"""

from __future__ import annotations

import pytest
import redis

from workers.lanes import scripts

READS_TIME = "redis.call('TIME')"
READS_KEY = "redis.call('LRANGE', KEYS[1] .. ':clock', 0, -1)"


class StoppedClock:
    """The clock of one partition: it stands still until it is moved. Microseconds since the epoch."""

    def __init__(self, client: redis.Redis, partition: str, now: int) -> None:
        self._client = client
        self._key = f"{partition}:clock"
        self.set(now)

    def set(self, now: int) -> None:
        self.now = now
        with self._client.pipeline() as pipe:
            pipe.delete(self._key)
            pipe.rpush(self._key, *divmod(now, 1_000_000))
            pipe.execute()


def stop_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every script read the time from its partition's ``StoppedClock``."""
    text = scripts.text

    def stopped(name: str) -> str:
        written = text(name)
        assert written.count(READS_TIME) == 1
        return written.replace(READS_TIME, READS_KEY)

    monkeypatch.setattr(scripts, "text", stopped)
