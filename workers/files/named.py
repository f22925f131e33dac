"""Which files may a job name? A path below a folder, https://, s3:// and gs://; nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from workers.files.buckets import Bucket
from workers.files.fetch import Access
from workers.files.https import Https
from workers.files.local import Local
from workers.files.source import Source, Unusable
from workers.settings import Settings


@dataclass(frozen=True)
class Files:
    """What jobs may name. Made once, from the settings."""

    root: Path | None = None
    """The only folder whose files jobs may name; None: they may name no local file."""
    private_hosts: frozenset[str] = frozenset()
    """Hosts, or host:port, that https:// may reach at a private address. In lower case."""
    timeout_s: float = 30.0
    """Seconds for a connection, and for each read; a whole file may take as long as it takes."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        hosts = (host.strip().lower() for host in settings.files_private_hosts.split(","))
        return cls(settings.files_root, frozenset(filter(None, hosts)))

    def open(self, named: str, *, max_bytes: int | None = None) -> Source:
        """The file of that name. Only a local one is looked at now; nothing stays open.

        ``max_bytes``: a larger file is ``Unusable``, as soon as its size is known and at the latest when that many
        bytes were read. Raises ``Unusable``, and ``Unreachable`` where the folder itself cannot be read.
        """
        scheme = _scheme(named)
        if scheme is None:
            return Local.named(named, self.root, max_bytes)
        if scheme == "https":
            return Https.named(named, Access(self.private_hosts, self.timeout_s), max_bytes)
        if scheme in ("s3", "gs"):
            return Bucket.named(scheme, named, max_bytes, self.timeout_s)
        raise Unusable(
            "the file's scheme is not allowed: name it by https://, s3://, gs://, or a path below AUDIENCE_FILES_ROOT"
        )


def _scheme(named: str) -> str | None:
    """What stands before a colon in the first part: so that no half-written URL is taken, and quoted, as a path."""
    head, colon, _ = named.partition("/")[0].partition(":")
    return head.lower() if colon else None
