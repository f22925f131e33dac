"""How is a local file read? Only below the folder for files, and only if it is a regular file."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Self

from workers.files.source import CHUNK, Unreachable, Unusable, changed, check_size

# O_NONBLOCK: a FIFO opens at once, and is refused. O_NOFOLLOW: the path was resolved; a link in it came there since.
_FILE = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK | os.O_NOFOLLOW
_FOLDER = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW | getattr(os, "O_PATH", 0)

_MENDED_BY_THE_JOB = {
    errno.ENOENT: "does not exist",
    errno.ENOTDIR: "does not exist",
    errno.ELOOP: "is a link that leads nowhere",
    errno.ENAMETOOLONG: "has too long a name",
    errno.EISDIR: "is not a regular file",
    errno.ENXIO: "is not a regular file",  # a socket
    errno.EACCES: "may not be read by the worker",
    errno.EPERM: "may not be read by the worker",
}


@dataclass(frozen=True)
class Local:
    """A regular file below the folder for files, as it was when it was found."""

    name: str
    size: int
    _root: Path
    _parts: tuple[str, ...]
    _edition: tuple[int, ...]

    @classmethod
    def named(cls, named: str, root: Path | None, max_bytes: int | None) -> Self:
        """The file of that path, absolute or relative to ``root``. Links may stand in it that lead below ``root``."""
        if root is None:
            raise Unusable("local files cannot be named: the worker's AUDIENCE_FILES_ROOT is not set")
        root, parts = _below(root, named)
        with closing(_open(root, parts)) as file:
            status = os.fstat(file.fileno())
        check_size(_place(parts), status.st_size, max_bytes)
        return cls(Path(named).name, status.st_size, root, parts, _edition(status))

    def chunks(self) -> Generator[bytes]:
        """See ``Source``. A change shows in the size, the time of change, or which file it is."""
        with closing(_open(self._root, self._parts)) as file:
            self._check_edition(file)
            try:
                while chunk := file.read(CHUNK):
                    yield chunk
            except OSError as error:
                raise _sorted(error, self._parts) from error
            self._check_edition(file)

    def _check_edition(self, file: FileIO) -> None:
        if _edition(os.fstat(file.fileno())) != self._edition:
            raise changed(_place(self._parts))


def _below(root: Path, named: str) -> tuple[Path, tuple[str, ...]]:
    """The folder, and the way from there, both without links.

    Not strict: what lies outside gets one answer, whether it exists or not.
    """
    root = root.resolve()
    try:
        path = Path(os.path.realpath(root / named))
    except ValueError as error:  # NUL, half a surrogate pair
        raise Unusable("the file's path holds a character that no path can hold") from error
    if not path.is_relative_to(root):
        raise Unusable(
            "the file's path leads out of the worker's AUDIENCE_FILES_ROOT: jobs may name files below it only"
        )
    return root, path.relative_to(root).parts


def _open(root: Path, parts: tuple[str, ...]) -> FileIO:
    """Walk from folder to folder, so that a link swapped in since the path was resolved leads nowhere."""
    with ExitStack() as opened:
        try:
            folder = os.open(root, _FOLDER)
        except OSError as error:
            raise Unreachable(f"AUDIENCE_FILES_ROOT cannot be opened ({error.strerror}): mend the worker's") from error
        opened.callback(os.close, folder)
        try:
            for part in parts[:-1]:
                folder = os.open(part, _FOLDER, dir_fd=folder)
                opened.callback(os.close, folder)
            file = FileIO(os.open(parts[-1] if parts else ".", _FILE, dir_fd=folder))
        except OSError as error:
            raise _sorted(error, parts) from error
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise Unusable(f"{_place(parts)} is not a regular file")
    return file


def _sorted(error: OSError, parts: tuple[str, ...]) -> Unusable | Unreachable:
    what = _MENDED_BY_THE_JOB.get(error.errno or 0)
    if what is None:
        return Unreachable(f"{_place(parts)} cannot be read now: {error.strerror}")
    return Unusable(f"{_place(parts)} {what}")


def _edition(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _place(parts: tuple[str, ...]) -> str:
    """How an error calls the file: below the folder, and of a very long path its beginning."""
    return f"the file {'/'.join(parts)[:200]!r}"
