"""How is a file read from a bucket, s3:// or gs://? With the worker's own credentials, never with a job's.

obstore finds them in the worker's environment: AWS_* and GOOGLE_* variables, a web identity, the machine's role.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

import obstore
from obstore.exceptions import BaseError, InvalidPathError, PermissionDeniedError, UnauthenticatedError
from obstore.store import GCSStore, S3Store

from workers.files.source import CHUNK, Unreachable, Unusable, changed, check_size

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ObjectStore, RetryConfig

# A lost connection is taken up where it was lost, if the content is still the same. Only a little of that here: the job
# itself is tried again later.
_RETRY: RetryConfig = {"max_retries": 2, "retry_timeout": timedelta(seconds=30)}

# What both clouds allow for new buckets: S3 has 3 to 63 characters without _, Cloud Storage up to 222 with dots.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_PARTS_OBSTORE_WOULD_CHANGE = frozenset(("", ".", ".."))  # it would read /a as a: another object


@dataclass
class Bucket:
    """An object in a bucket. Nothing is asked before the first reading."""

    name: str
    _scheme: str
    _bucket: str
    _key: str
    _max_bytes: int | None
    _timeout_s: float
    size: int | None = None
    _first: tuple[int, str | None, str | None] | None = None

    @classmethod
    def named(cls, scheme: str, named: str, max_bytes: int | None, timeout_s: float) -> Self:
        bucket, _, key = named[len(scheme) :].removeprefix("://").partition("/")
        parts = key.split("/")
        if not _BUCKET.fullmatch(bucket) or ".." in bucket:
            raise Unusable(f"the file's bucket has no possible name: write {scheme}://BUCKET/KEY")
        if not _PARTS_OBSTORE_WOULD_CHANGE.isdisjoint(parts):
            raise Unusable(f"the file's key in {scheme}://{bucket} is missing, or has a part that is empty, . or ..")
        return cls(parts[-1], scheme, bucket, key, max_bytes, timeout_s)

    def chunks(self) -> Generator[bytes]:
        """See ``Source``. A change shows in the ETag, the version or generation, or the size."""
        with _sentences(self._place):
            found = obstore.get(self._store(), self._key)
            self._begin(found.meta)
            yield from found.stream(CHUNK // 2)  # the least of a chunk, not the most

    def _begin(self, meta: ObjectMeta) -> None:
        check_size(self._place, meta["size"], self._max_bytes)
        now = (meta["size"], meta["e_tag"], meta["version"])
        if self._first is not None and now != self._first:
            raise changed(self._place)
        self._first = now
        self.size = meta["size"]

    def _store(self) -> ObjectStore:
        """Made anew for each reading: it keeps its connections as long as it lives.

        Its own limit for a whole request, 30 s, would cut every large file. The limits are given as single keys,
        because its ``client_options`` put aside what the environment says, AWS_ALLOW_HTTP for one.
        """
        each = f"{round(self._timeout_s * 1000)}ms"
        times: Any = {"connect_timeout": each, "read_timeout": each, "timeout": "1 day"}
        if self._scheme == "s3":
            return S3Store(self._bucket, config=times, retry_config=_RETRY)
        return GCSStore(self._bucket, config=times, retry_config=_RETRY)

    @property
    def _place(self) -> str:
        return f"the file in {self._scheme}://{self._bucket}"


@contextmanager
def _sentences(place: str) -> Iterator[None]:
    """What obstore raises, by what happens next. Its own texts hold URLs and answers."""
    try:
        yield
    except FileNotFoundError:
        raise Unusable(f"{place} does not exist: check bucket and key") from None
    except (PermissionDeniedError, UnauthenticatedError):
        raise Unusable(f"{place} may not be read: give the worker's own credentials the right to read it") from None
    except (InvalidPathError, ValueError):
        raise Unusable(f"{place} has a key that cannot be asked for: it holds control characters") from None
    except BaseError:
        raise Unreachable(
            f"{place} cannot be read now: if it stays so, check the worker's credentials, region and endpoint"
        ) from None
