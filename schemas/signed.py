"""What is a signed job? A JWS (RFC 7515, compact) around the job's JSON, whose kid names the producer who signed it.

HS256 alone: every language has it, and whoever checks holds the providers' secrets anyway, so that a key of which it
knows only the public half would protect nothing. With one algorithm there is none to be talked into.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from schemas import strict_json
from schemas.problem import Problem

if TYPE_CHECKING:
    from jwt import PyJWS

ALGORITHM = "HS256"
MIN_KEY_BYTES = 32
"""As RFC 7518, section 3.2, has it: a key as long as the hash."""
MAX_SIGNED_BYTES = strict_json.MAX_BODY_BYTES * 4 // 3 + 2048
"""The largest job in base64, with room for a header and a signature."""

FORM = "a JWS in compact serialization: header.payload.signature, each in base64url without padding"
HEADER = "a JWS header that is one JSON object, each key once"
FIELDS = "alg, kid and perhaps typ in the JWS header, and nothing else: no crit, and no key"
ALG = f'alg "{ALGORITHM}" in the JWS header: no other is taken, and "none" is none'
KID = "kid in the JWS header: the name of the producer who signed the job"
PAYLOAD = "the job's JSON as the payload of the JWS, and not another JWS"
SMALL_ENOUGH = f"a JWS of at most {MAX_SIGNED_BYTES} bytes, with a job of {strict_json.SMALL_ENOUGH} in it"

COMPACT = r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]*)"
_COMPACT = re.compile(COMPACT.encode())
_SPACE = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class SignedJob:
    """A JWS as it was read. Nothing in it is believed before ``is_by``."""

    token: bytes = field(repr=False)
    producer: str  # as its sender says
    job: bytes

    def is_by(self, key: str) -> bool:
        """Whether who has this key, which is ``fit``, signed exactly this job."""
        from jwt import InvalidTokenError  # noqa: PLC0415 - as below

        try:
            signed: bytes = _hs256().decode(self.token, key, algorithms=[ALGORITHM])
        except InvalidTokenError:
            return False
        return signed == self.job


@dataclass(frozen=True, slots=True)
class Signer:
    """A producer, by its name in the service's configuration, and its key there.

    Raises ``ValueError`` for what is no signing key.
    """

    producer: str
    key: str = field(repr=False)

    def __post_init__(self) -> None:
        fit(self.key)

    def sign(self, job: bytes) -> bytes:
        """The job's JSON as a JWS."""
        header = {"kid": self.producer, "typ": None}  # typ would say JWT, which this is not
        return _hs256().encode(job, self.key, ALGORITHM, header).encode()


def looks_signed(body: bytes) -> bool:
    """Whether it begins as a JWS does: an object in base64url. No JSON text begins so."""
    return body.lstrip(_SPACE)[:1] == b"e"


def read(body: bytes) -> SignedJob | Problem:
    """What stands in a JWS, or what is wrong with its form. Never raises, whatever the bytes; checks no signature."""
    if len(body) > MAX_SIGNED_BYTES:
        return Problem("", SMALL_ENOUGH)
    token = body.strip(_SPACE)
    match = _COMPACT.fullmatch(token)
    header, job = (None, None) if match is None else (_decoded(match[1]), _decoded(match[2]))
    if header is None or job is None:
        return Problem("", FORM)
    producer = _producer(header)
    if isinstance(producer, Problem):
        return producer
    return Problem("", PAYLOAD) if looks_signed(job) else SignedJob(token, producer, job)


def unwrapped(body: bytes) -> bytes:
    """The job in a JWS, whoever signed it; anything else as it is."""
    found = read(body) if looks_signed(body) else None
    return found.job if isinstance(found, SignedJob) else body


def fit(key: str) -> str:
    """The same key. Raises ``ValueError``, without a word of it, if it cannot sign."""
    from jwt import InvalidKeyError  # noqa: PLC0415 - as below

    try:
        if len(key.encode()) < MIN_KEY_BYTES:
            raise ValueError(f"a signing key has at least {MIN_KEY_BYTES} bytes: `openssl rand -base64 48` makes one")
        if key != key.strip():
            raise ValueError("a signing key has no space around it, nor the end of its file's line")
        _hs256().get_algorithm_by_name(ALGORITHM).prepare_key(key)
    except UnicodeEncodeError:
        raise ValueError("a signing key is text in UTF-8") from None  # the cause quotes it
    except InvalidKeyError:
        raise ValueError("a signing key is a secret that both sides know: no certificate, and no JWK") from None
    return key


def _producer(header: bytes) -> str | Problem:
    """Who is said to have signed, if the header is one that is taken."""
    parsed = strict_json.parse(header)
    said = parsed.value
    if parsed.problems or not isinstance(said, dict):
        return Problem("", HEADER)
    if said.get("alg") != ALGORITHM:
        return Problem("", ALG)
    if said.keys() - {"alg", "kid", "typ"}:
        return Problem("", FIELDS)
    kid = said.get("kid")
    return kid if isinstance(kid, str) and kid else Problem("", KID)


def _decoded(part: bytes) -> bytes | None:
    try:
        return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except ValueError:
        return None


@cache
def _hs256() -> PyJWS:
    from jwt import PyJWS  # noqa: PLC0415 - takes 30 ms to import, for what is off by default

    return PyJWS([ALGORITHM])
