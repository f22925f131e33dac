"""Which local files may a job name? Regular ones below the folder, read as they were found."""

from __future__ import annotations

import os
import socket
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from workers.files import CHUNK, Files, Unreachable, Unusable

CONTENT = b"device\n" * 200_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside.csv").write_bytes(b"not for jobs")
    root = tmp_path / "files"
    (root / "day").mkdir(parents=True)
    (root / "day" / "ids.csv").write_bytes(CONTENT)
    return root


def read(root: Path | None, named: str, max_bytes: int | None = None) -> bytes:
    return b"".join(Files(root).open(named, max_bytes=max_bytes).chunks())


def test_a_file_is_named_relative_to_the_folder_or_absolute_below_it(root: Path) -> None:
    assert (
        read(root, "day/ids.csv")
        == read(root, str(root / "day/ids.csv"))
        == read(root, "day/../day/ids.csv")
        == CONTENT
    )


def test_it_is_read_from_its_beginning_each_time_in_chunks(root: Path) -> None:
    source = Files(root).open("day/ids.csv")
    assert (source.name, source.size) == ("ids.csv", len(CONTENT))
    for _ in range(2):
        chunks = list(source.chunks())
        assert max(map(len, chunks)) <= CHUNK
        assert b"".join(chunks) == CONTENT


def test_an_empty_file_is_one(root: Path) -> None:
    (root / "empty.csv").touch()
    assert Files(root).open("empty.csv").size == 0
    assert read(root, "empty.csv") == b""


def test_links_may_lead_below_the_folder_and_keep_their_own_name(root: Path) -> None:
    (root / "latest.csv").symlink_to("day/ids.csv")
    (root / "today").symlink_to(root / "day")
    assert read(root, "today/ids.csv") == read(root, "latest.csv") == CONTENT
    assert Files(root).open("latest.csv").name == "latest.csv"


def test_the_folder_itself_may_be_a_link(root: Path) -> None:
    link = root.parent / "link"
    link.symlink_to(root)
    assert read(link, "day/ids.csv") == read(link, str(link / "day/ids.csv")) == CONTENT


@pytest.mark.parametrize(
    "named",
    ["../outside.csv", "day/../../outside.csv", "/etc/passwd", "/nowhere", "../missing", "..", "/", "//etc/passwd"],
)
def test_what_lies_outside_has_one_answer_whether_it_exists_or_not(root: Path, named: str) -> None:
    with pytest.raises(Unusable, match="leads out of the worker's AUDIENCE_FILES_ROOT"):
        read(root, named)


@pytest.mark.parametrize("target", ["../outside.csv", "/etc/passwd", "/nowhere"])
def test_links_may_not_lead_out(root: Path, target: str) -> None:
    (root / "link.csv").symlink_to(target)
    with pytest.raises(Unusable, match="leads out"):
        read(root, "link.csv")


def test_a_link_swapped_in_after_the_look_leads_nowhere(root: Path) -> None:
    source = Files(root).open("day/ids.csv")
    (root / "day" / "ids.csv").unlink()
    (root / "day" / "ids.csv").symlink_to(root.parent / "outside.csv")
    with pytest.raises(Unusable, match="link"):
        b"".join(source.chunks())


def test_a_folder_swapped_for_a_link_leads_nowhere(root: Path) -> None:
    source = Files(root).open("day/ids.csv")
    (root / "day").rename(root.parent / "moved")
    (root / "day").symlink_to(root.parent / "moved")
    with pytest.raises(Unusable, match="does not exist"):
        b"".join(source.chunks())


def test_what_is_not_a_regular_file_is_refused_and_blocks_nobody(root: Path) -> None:
    os.mkfifo(root / "fifo.csv")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "socket.csv"))
        for named in ("fifo.csv", "socket.csv", "day", "", "."):
            with pytest.raises(Unusable, match="not a regular file"):
                read(root, named)


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("missing.csv", "'missing.csv' does not exist"),
        ("day/ids.csv/more", "does not exist"),
        ("day/" + "long" * 100, "too long a name"),
        ("loop", "a link that leads nowhere"),
        ("dangling", "does not exist"),
        ("NUL\0", "no path can hold"),
        ("half a pair \ud800", "no path can hold"),
    ],
)
def test_what_cannot_be_opened_says_why(root: Path, named: str, says: str) -> None:
    (root / "loop").symlink_to("loop")
    (root / "dangling").symlink_to("gone")
    with pytest.raises(Unusable, match=says) as raised:
        read(root, named)
    assert len(str(raised.value)) < 300


def test_without_a_folder_no_local_file_may_be_named() -> None:
    with pytest.raises(Unusable, match="AUDIENCE_FILES_ROOT is not set"):
        Files().open("ids.csv")


def test_a_folder_that_is_gone_may_come_back(root: Path) -> None:
    with pytest.raises(Unreachable, match="AUDIENCE_FILES_ROOT cannot be opened"):
        Files(root / "unmounted").open("ids.csv")


@pytest.fixture
def unreadable() -> Iterator[Path]:
    """A folder with a file that its reader may not read, also where the tests run as root."""
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "ids.csv").touch(mode=0o000)
        if user == 0:
            os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            os.seteuid(user)


def test_a_file_that_the_worker_may_not_read(unreadable: Path) -> None:
    with pytest.raises(Unusable, match=r"'ids\.csv' may not be read by the worker"):
        read(unreadable, "ids.csv")


def test_a_file_larger_than_the_reader_takes(root: Path) -> None:
    assert read(root, "day/ids.csv", len(CONTENT)) == CONTENT
    with pytest.raises(Unusable, match=f"larger than {len(CONTENT) - 1} bytes"):
        Files(root).open("day/ids.csv", max_bytes=len(CONTENT) - 1)


def test_a_change_between_two_readings_is_noticed(root: Path) -> None:
    source = Files(root).open("day/ids.csv")
    b"".join(source.chunks())
    os.utime(root / "day/ids.csv", ns=(0, 0))
    with pytest.raises(Unreachable, match="changed while it was read"):
        next(source.chunks())


def test_a_change_while_it_is_read_is_noticed(root: Path) -> None:
    chunks = Files(root).open("day/ids.csv").chunks()
    next(chunks)
    with (root / "day/ids.csv").open("ab") as file:
        file.write(b"one more\n")
    with pytest.raises(Unreachable, match="changed while it was read"):
        list(chunks)


def test_nothing_is_open_between_readings_nor_after_one_that_was_left(root: Path) -> None:
    source = Files(root).open("day/ids.csv")
    process = psutil.Process()
    assert not [file for file in process.open_files() if file.path.endswith("ids.csv")]
    chunks = source.chunks()
    next(chunks)
    assert [file for file in process.open_files() if file.path.endswith("ids.csv")]
    chunks.close()
    assert not [file for file in process.open_files() if file.path.endswith("ids.csv")]


def test_memory_is_the_same_for_any_size(root: Path) -> None:
    with (root / "sparse.csv").open("wb") as file:
        file.truncate(128 * CHUNK)
    source = Files(root).open("sparse.csv")
    tracemalloc.start()
    try:
        assert sum(map(len, source.chunks())) == source.size
        assert tracemalloc.get_traced_memory()[1] < 4 * CHUNK
    finally:
        tracemalloc.stop()
