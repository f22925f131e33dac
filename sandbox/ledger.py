"""What arrived, when, with whose credential, and what became of it.

The yardstick of the promises "at most one create" and "the limits hold": tests compare it with what they
asked for. No token, no member and no payload stands in it.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

CAPACITY = 500_000


@dataclass(slots=True)
class Entry:
    """One request. `status` is null until answered, and stays so when the answer was withheld."""

    seq: int
    at: float  # Unix seconds, when its first line was read
    at_monotonic: float  # the same moment on the machine's monotonic clock: measure windows with this one
    provider: str
    method: str
    path: str
    account: str  # name of the credential, "" when it is not a known one
    name: str  # the audience's or file's name in the request, "" when it has none
    status: int | None = None
    applied: str | None = None  # id of the audience (or the data_path) that was created or changed
    fault: str | None = None  # what the sandbox did to it on purpose
    ended_monotonic: float | None = None

    @property
    def duration_ms(self) -> float | None:
        """From the first line to the end of the answer, or of the waiting for one; null while it lasts."""
        return None if self.ended_monotonic is None else (self.ended_monotonic - self.at_monotonic) * 1000


@dataclass(slots=True)
class Ledger:
    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=CAPACITY))
    last_seq: int = 0

    def open(
        self,
        *,
        at: float,
        at_monotonic: float,
        provider: str,
        method: str,
        path: str,
        account: str,
        name: str,
    ) -> Entry:
        self.last_seq += 1
        entry = Entry(self.last_seq, at, at_monotonic, provider, method, path, account, name)
        self.entries.append(entry)
        return entry

    def clear(self) -> None:
        """Forgets the entries; the numbers go on, so a reader's `since` stays good."""
        self.entries.clear()

    def read(
        self, *, since: int = 0, provider: str | None = None, account: str | None = None
    ) -> Iterator[dict[str, Any]]:
        for entry in self.entries:
            if entry.seq > since and provider in (None, entry.provider) and account in (None, entry.account):
                yield asdict(entry)
