"""Which upload URLs were handed out, and what was uploaded to them."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote, unquote

BUCKET = "s3://sandbox-bucket"
PREFIX = "/audience/tmp_upload/"
MAX_BYTES = 5 * 1024**3  # "5 GB per file" on the upload page


class Stored(NamedTuple):
    """What is kept of an uploaded file: never its content."""

    size: int
    md5: str
    account: str


class Ticket(NamedTuple):
    """A presigned PUT: the object's path on this server, percent-encoded, and the signed query."""

    path: str
    query: str

    @property
    def data_path(self) -> str:
        return data_path_of(self.path)


@dataclass(slots=True)
class Storage:
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    accounts: dict[str, str] = field(default_factory=dict)  # of each path handed out
    files: dict[str, Stored] = field(default_factory=dict)  # by data_path

    def presign(self, *, account: str, file_name: str, file_md5: str, now: float, ttl_s: int) -> Ticket:
        """A path like the one in the create page's sample: day, random part, MD5 and file name."""
        day = datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d")
        path = f"{PREFIX}{day}/{secrets.token_hex(8)}/{file_md5}/{quote(file_name)}"
        self.accounts[path] = account
        expires = str(int(now) + ttl_s)
        return Ticket(path, f"X-Amz-Expires-At={expires}&X-Amz-Signature={self.signature(path, expires)}")

    def signature(self, path: str, expires: str) -> str:
        return hmac.new(self.key, f"PUT\n{path}\n{expires}".encode(), hashlib.sha256).hexdigest()

    def keep(self, path: str, size: int, md5: str) -> str:
        """Stores the facts; a second PUT of the same object replaces the first. Answers the data_path."""
        data_path = data_path_of(path)
        self.files[data_path] = Stored(size, md5, self.accounts.get(path, ""))
        return data_path


def data_path_of(path: str) -> str:
    return BUCKET + unquote(path)
