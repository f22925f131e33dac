"""What is read from buckets, with whose credentials, and what is said when it fails?

S3 is moto's server, a stranger's S3 in a process of its own. Of Cloud Storage no stranger's can be had that answers as
obstore needs it (the emulator on PyPI sends no Last-Modified): gs:// reads what a small server of ours answers, and so
do the failures of both. That proves our reading of obstore, not obstore's of Google.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from files_server import CONTENT, Answer, FileServer, answer, stalled, zeros
from real import Process, free_port, wait_until

from workers.files import CHUNK, Files, Unreachable, Unusable

SECRET = "hunter2"
META = {"Last_Modified": "Sat, 21 Nov 2026 08:00:00 GMT", "ETag": '"1"'}
FILES = Files()


def use_s3(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "the-workers-own",
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }.items():
        monkeypatch.setenv(name, value)


def use_gs(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    key = {"gcs_base_url": f"http://127.0.0.1:{port}", "disable_oauth": True}
    empty = dict.fromkeys(("client_email", "private_key", "private_key_id"), "")
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT_KEY", json.dumps(key | empty))
    monkeypatch.setenv("GOOGLE_ALLOW_HTTP", "true")


@contextmanager
def refused(how: type[Unusable | Unreachable], match: str) -> Iterator[None]:
    """The error's sentence matches; neither it nor its traceback shows a secret."""
    with pytest.raises(how, match=match) as raised:
        yield
    assert SECRET not in "".join(traceback.format_exception(raised.value))


def read(named: str, max_bytes: int | None = None) -> bytes:
    """The content, read twice."""
    source = FILES.open(named, max_bytes=max_bytes)
    first, second = (b"".join(source.chunks()) for _ in range(2))
    assert first == second
    assert source.size == len(first)
    return first


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = Process([sys.executable, "-m", "moto.server", "-p", str(port)], tmp_path_factory.mktemp("moto") / "log")

    def answers() -> bool:
        try:
            return httpx.put(f"{url}/devices", trust_env=False).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    wait_until(answers, what="an S3 that answers")
    yield url
    process.kill()


@pytest.fixture
def s3(moto: str, monkeypatch: pytest.MonkeyPatch) -> str:
    use_s3(monkeypatch, int(moto.rpartition(":")[2]))
    return f"{moto}/devices"


def put(bucket: str, path: str, content: bytes) -> None:
    """Moto lets nobody write over an object, and anybody who says a name."""
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=somebody/20261121/us-east-1/s3/aws4_request"}
    httpx.put(f"{bucket}/{path}", content=content, headers=signed, trust_env=False).raise_for_status()


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("ids.csv", "ids.csv"),
        ("day/ids.csv.gz", "day/ids.csv.gz"),
        ("day 1/ü?#&+%20.csv", "day%201/%C3%BC%3F%23%26%2B%2520.csv"),
    ],
)
def test_a_key_is_taken_to_the_letter(s3: str, key: str, path: str) -> None:
    put(s3, path, CONTENT)
    assert read(f"s3://devices/{key}") == CONTENT
    assert FILES.open(f"s3://devices/{key}").name == key.rpartition("/")[2]


def test_chunks_are_no_larger_than_they_may_be(s3: str) -> None:
    put(s3, "large.csv", bytes(20 * CHUNK))
    chunks = [len(chunk) for chunk in FILES.open("s3://devices/large.csv").chunks()]
    assert sum(chunks) == 20 * CHUNK
    assert max(chunks) <= CHUNK


def test_an_empty_object_is_a_file(s3: str) -> None:
    put(s3, "empty.csv", b"")
    assert read("s3://devices/empty.csv") == b""


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize("named", ["s3://devices/missing.csv", "s3://other-bucket/ids.csv"])
def test_what_is_not_there(named: str) -> None:
    with refused(Unusable, "does not exist: check bucket and key"):
        read(named)


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize("key", ["NUL\0.csv", "two\nlines.csv", "half a pair \ud800.csv"])
def test_a_key_that_no_request_can_hold(key: str) -> None:
    with refused(Unusable, "control characters"):
        read(f"s3://devices/{key}")


def test_another_object_under_the_same_key_is_noticed(s3: str) -> None:
    put(s3, "ids.csv", CONTENT)
    source = FILES.open("s3://devices/ids.csv")
    assert b"".join(source.chunks()) == CONTENT
    put(s3, "ids.csv", CONTENT[::-1])
    with refused(Unreachable, "changed while it was read"):
        b"".join(source.chunks())


def test_a_file_larger_than_the_reader_takes(s3: str) -> None:
    put(s3, "ids.csv", CONTENT)
    assert read("s3://devices/ids.csv", len(CONTENT)) == CONTENT
    with refused(Unusable, "larger than 1000 bytes"):
        next(FILES.open("s3://devices/ids.csv", max_bytes=1000).chunks())


@pytest.fixture(params=["s3", "gs"])
def cloud(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FileServer, str]]:
    """A server that is one of the clouds to the worker, and the name of a file there."""
    server = FileServer()
    (use_s3 if request.param == "s3" else use_gs)(monkeypatch, server.port)
    yield server, f"{request.param}://devices/ids.csv"
    server.close()


Cloud = tuple[FileServer, str]
PATH = "/devices/ids.csv"


def test_the_whole_content_is_read_each_time(cloud: Cloud) -> None:
    server, named = cloud
    server.answers[PATH] = answer(**META)
    assert read(named) == CONTENT


def test_s3_is_asked_with_the_workers_own_credentials(cloud: Cloud) -> None:
    server, named = cloud
    server.answers[PATH] = answer(**META)
    read(named)
    signed = server.asked[0].headers.get("Authorization", "")
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=the-workers-own/" if named.startswith("s3") else "")


@pytest.mark.parametrize(
    ("reply", "how", "says"),
    [
        (answer(404, b"<Error>hunter2</Error>"), Unusable, "does not exist"),
        (answer(403, b"<Error>hunter2</Error>"), Unusable, "may not be read: give the worker's own credentials"),
        (answer(401, b"<Error>hunter2</Error>"), Unusable, "may not be read"),
        (answer(400, b"<Error>hunter2</Error>"), Unreachable, "cannot be read now"),
        (answer(301, b""), Unreachable, "region"),
        (answer(429, b""), Unreachable, "cannot be read now"),
        (answer(500, b""), Unreachable, "cannot be read now"),
        (answer(503, b""), Unreachable, "cannot be read now"),
        (answer(length=len(CONTENT) + 1, **META), Unreachable, "cannot be read now"),
        (stalled(**META), Unreachable, "cannot be read now"),
    ],
    ids=["404", "403", "401", "400", "301", "429", "500", "503", "fewer bytes than told", "stalled"],
)
def test_what_fails_is_a_sentence(cloud: Cloud, reply: Answer, how: type[Unusable | Unreachable], says: str) -> None:
    server, named = cloud
    server.answers[PATH] = reply
    with refused(how, f"the file in {named[:2]}://devices .*{says}"):
        b"".join(Files(timeout_s=0.2).open(named).chunks())


def broken_off(rest: dict[str, str]) -> Answer:
    """The first half to whoever asks for all, and the second, with the headers ``rest``, to whoever asks for that."""
    half = len(CONTENT) // 2
    whole = answer(body=CONTENT[:half], length=len(CONTENT), **META)
    span = f"bytes {half}-{len(CONTENT) - 1}/{len(CONTENT)}"
    second = answer(206, CONTENT[half:], Content_Range=span, **rest)
    return lambda to: (second if "Range" in to.headers else whole)(to)


def test_a_lost_connection_is_taken_up_where_it_was_lost(cloud: Cloud) -> None:
    server, named = cloud
    server.answers[PATH] = broken_off(META)
    assert read(named) == CONTENT


def test_what_changed_meanwhile_is_not_taken_up(cloud: Cloud) -> None:
    server, named = cloud
    server.answers[PATH] = broken_off(META | {"ETag": '"2"'})
    with refused(Unreachable, "cannot be read now"):
        read(named)


def test_nobody_listens(cloud: Cloud) -> None:
    server, named = cloud
    server.close()
    with refused(Unreachable, "cannot be read now"):
        read(named)


@pytest.mark.parametrize("change", [{"ETag": '"2"'}, {"body": CONTENT + b"more"}])
def test_a_change_between_two_readings_is_noticed(cloud: Cloud, change: dict[str, str]) -> None:
    server, named = cloud
    source = FILES.open(named)
    server.answers[PATH] = answer(**META)
    assert b"".join(source.chunks()) == CONTENT
    server.answers[PATH] = answer(**(META | change))
    with refused(Unreachable, "changed while it was read"):
        next(source.chunks())


def test_a_reading_that_is_left_closes_its_connection(cloud: Cloud) -> None:
    server, named = cloud
    server.answers[PATH] = zeros(1 << 20, **META)
    chunks = FILES.open(named).chunks()
    next(chunks)
    chunks.close()
    assert server.left.wait(10)
