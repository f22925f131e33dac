"""Where do the bytes of a file come from that a job names? From below a folder, by https://, or from a bucket."""

from __future__ import annotations

from workers.files.named import Files
from workers.files.source import CHUNK, Source, Unreachable, Unusable

__all__ = ["CHUNK", "Files", "Source", "Unreachable", "Unusable"]
