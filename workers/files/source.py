"""What is a file that a job names, to those who read it?

Unusable     the job must be mended         missing, not permitted, private address, too large, …
Unreachable  it may go better another time  5xx, 429, a timeout, a lost connection, changed while it was read, …

The texts are sentences for the producer. They name a host or a bucket and never a URL: its query may be a signature.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

CHUNK = 1024 * 1024


class Unusable(Exception):  # noqa: N818 - an ending with a reason, like Unreachable
    """The job must be mended; the text says how."""


class Unreachable(Exception):  # noqa: N818 - it may go better another time
    """The file cannot be read now, and perhaps later."""


class Source(Protocol):
    """One named file. It holds nothing open between two readings.

    Memory does not grow with the size. Resident memory of a process that reads one and takes its MD5, at the first
    chunk and at most (2026-11, x86-64): 5 GB local 52 and 53 MiB; 3 GiB https:// 52 and 52, s3:// 56 and 60, gs:// 55
    and 58.
    """

    @property
    def name(self) -> str:
        """The last part of its path, as the job names it; never empty."""

    @property
    def size(self) -> int | None:
        """Its bytes: of a local file from the start, of others once a reading has begun, and None where nobody says."""

    def chunks(self) -> Generator[bytes]:
        """The whole content from its beginning, at each call, in pieces of at most ``CHUNK`` bytes.

        Close the generator when it is left in the middle. Raises ``Unusable`` and ``Unreachable``, the latter also
        where the content is not the one of the first reading.
        """


def check_size(place: str, size: int, max_bytes: int | None) -> None:
    """Raise ``Unusable`` for what is larger than the reader takes."""
    if max_bytes is not None and size > max_bytes:
        raise Unusable(f"{place} is larger than {max_bytes} bytes: split it into several files")


def changed(place: str) -> Unreachable:
    """The content of one reading is not that of another."""
    return Unreachable(f"{place} changed while it was read: write it under a new name, and leave it as it is")
