"""How does a file of device IDs get to Mintegral? Read once for its MD5, then put to an address signed for that MD5.

It is never held: two readings of the source, a piece at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

from workers import files
from workers.files import Source
from workers.http import Answer, Call
from workers.outcome import AttemptEnded, Said, Unavailable, Unusable
from workers.providers.answers import Means, outcome
from workers.providers.mintegral.id_file import HEAD_BYTES, MAX_BYTES, check_head, safe_name
from workers.providers.mintegral.presign import presign
from workers.providers.mintegral.storage import refused

MAX_PRESIGNS = 3  # a file and attempt; our own bound: an address may expire while the permit for its use is awaited

Progress = Callable[[int, int | None, str], None]
"""Bytes so far, of how many if that is known, and what was done with them."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What the first reading found: of the bytes as they are sent, which are packed if the file is."""

    md5: str
    size: int


@dataclass(frozen=True, slots=True)
class Uploaded(Measured):
    """A file that Mintegral has."""

    data_path: str


def upload(call: Call, named: str, *, area_type: int, place: str) -> Uploaded:
    """Upload the file that a job names; ``place`` says which of the job's files it is. Raises ``AttemptEnded``."""
    with _sorted():
        source = call.files.open(named, max_bytes=MAX_BYTES)
        name = safe_name(source.name)
    said = _progress(call, place, name)
    file = _measured(source, name, said)
    presigns = 0
    while True:
        presigns += 1
        ticket = presign(call, area_type=area_type, file_name=name, md5=file.md5)
        answer = _put(call, ticket.url, source, file, said)
        refusal = refused(answer)
        if refusal is None:
            return Uploaded(file.md5, file.size, ticket.data_path)
        if refusal.means is not Means.AUTH:
            raise AttemptEnded(outcome(refusal, answer, changes=False))
        if presigns == MAX_PRESIGNS:
            raise AttemptEnded(Unavailable(refusal.said))


def _measured(source: Source, name: str, said: Progress) -> Measured:
    """What is wrong with the file is found at its beginning."""
    digest, size, head = hashlib.md5(usedforsecurity=False), 0, b""
    for piece in _pieces(source):
        digest.update(piece)
        size += len(piece)
        if len(head) < HEAD_BYTES:
            head += piece[: HEAD_BYTES - len(head)]
            if len(head) == HEAD_BYTES:
                _check(name, head, is_all=False)
        said(size, source.size, "checked")
    if size < HEAD_BYTES:
        _check(name, head, is_all=True)
    return Measured(digest.hexdigest(), size)


def _check(name: str, head: bytes, *, is_all: bool) -> None:
    with _sorted():
        check_head(name, head, is_all=is_all)


def _put(call: Call, url: str, source: Source, file: Measured, said: Progress) -> Answer:
    with ExitStack() as readings:

        def chunks() -> Iterator[bytes]:
            return readings.enter_context(closing(_unchanged(source, file, said)))

        return call.upload("PUT", url, chunks=chunks, size=file.size)


def _unchanged(source: Source, file: Measured, said: Progress) -> Generator[bytes]:
    """The file again. The last piece waits for the MD5 of all, so that no other file than the measured one arrives."""
    digest, sent, held = hashlib.md5(usedforsecurity=False), 0, b""
    for piece in _pieces(source):
        if held:
            yield held
            sent += len(held)
            said(sent, file.size, "sent")
        digest.update(piece)
        held = piece
    if digest.hexdigest() != file.md5:
        raise AttemptEnded(Unavailable(Said("the file changed while it was uploaded"), at_provider=False))
    yield held
    said(file.size, file.size, "sent")


def _pieces(source: Source) -> Iterator[bytes]:
    with _sorted(), closing(source.chunks()) as chunks:
        yield from chunks


@contextmanager
def _sorted() -> Iterator[None]:
    """What reading a file raises, as outcomes. An ``OSError`` would be taken for an outage of the state store."""
    try:
        yield
    except files.Unusable as error:
        raise AttemptEnded(Unusable(Said(str(error)))) from error
    except files.Unreachable as error:
        raise AttemptEnded(Unavailable(Said(str(error)), at_provider=False)) from error
    except OSError as error:
        said = Said(f"the file cannot be read now ({type(error).__name__})")
        raise AttemptEnded(Unavailable(said, at_provider=False)) from error


def _progress(call: Call, place: str, name: str) -> Progress:
    def say(done: int, size: int | None, verb: str) -> None:
        unit, called = (10**9, "GB") if max(done, size or 0) >= 10**9 else (10**6, "MB")
        of = "" if size is None else f" of {size / unit:.1f}"
        call.notes.progress(f"{place}, {name}: {done / unit:.1f}{of} {called} {verb}")

    return say
