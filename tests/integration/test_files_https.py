"""What is read by https://, from whom, and what is said when it fails? A real server on loopback, with its own CA."""

from __future__ import annotations

import gzip
import socket
import ssl
import traceback
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from files_server import CONTENT, Answer, FileServer, answer, raw, stalled, zeros

from workers.files import CHUNK, Files, Unreachable, Unusable

SECRET = "hunter2"


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server(ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost", "files.example.com").configure_cert(tls)
    server = FileServer(tls)
    server.answers["/ids.csv"] = answer()
    yield server
    server.close()


@pytest.fixture
def files(server: FileServer) -> Files:
    return Files(private_hosts=frozenset({f"localhost:{server.port}", "files.example.com"}))


def url(server: FileServer, path: str, host: str = "localhost") -> str:
    return f"https://{host}:{server.port}{path}?signature={SECRET}"


def read(files: Files, named: str, max_bytes: int | None = None) -> bytes:
    """The content, read twice."""
    source = files.open(named, max_bytes=max_bytes)
    first, second = (b"".join(source.chunks()) for _ in range(2))
    assert first == second
    assert source.size == len(first)
    return first


@contextmanager
def refused(how: type[Unusable | Unreachable], match: str) -> Iterator[None]:
    """The error's sentence matches; neither it nor its traceback shows the signature."""
    with pytest.raises(how, match=match) as raised:
        yield
    assert SECRET not in "".join(traceback.format_exception(raised.value))


def test_the_whole_content_is_read_each_time(server: FileServer, files: Files) -> None:
    assert read(files, url(server, "/ids.csv")) == CONTENT
    assert max(map(len, files.open(url(server, "/ids.csv")).chunks())) <= CHUNK


def test_the_request_says_no_more_than_it_must(server: FileServer, files: Files) -> None:
    read(files, url(server, "/ids.csv"))
    sent = server.asked[0]
    assert sent.path == f"/ids.csv?signature={SECRET}"
    assert dict(sent.headers) == {
        "Host": f"localhost:{server.port}",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "User-Agent": "audience-workers",
    }


def test_an_encoded_content_stays_as_it_is(server: FileServer, files: Files) -> None:
    packed = gzip.compress(CONTENT)
    server.answers["/ids.csv.gz"] = answer(body=packed, Content_Encoding="gzip")
    assert read(files, url(server, "/ids.csv.gz")) == packed


def test_a_chunked_content_is_read_whole_and_tells_its_size_at_the_end(server: FileServer, files: Files) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.answers["/ids.csv"] = raw(head + b"5\r\nfirst\r\n4\r\nlast\r\n0\r\n\r\n")
    source = files.open(url(server, "/ids.csv"))
    assert source.size is None
    assert b"".join(source.chunks()) == b"firstlast"
    assert source.size == 9


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server: FileServer, files: Files, status: int) -> None:
    server.answers["/old.csv"] = answer(status, Location="/ids.csv?other=1")
    assert read(files, url(server, "/old.csv")) == CONTENT
    assert server.asked[1].path == "/ids.csv?other=1"


def test_five_redirects_and_no_more(server: FileServer, files: Files) -> None:
    for hop in range(1, 7):
        server.answers[f"/{hop}.csv"] = answer(302, Location=f"/{hop - 1}.csv")
    server.answers["/0.csv"] = answer()
    assert read(files, url(server, "/5.csv")) == CONTENT
    with refused(Unusable, "more than 5 redirects"):
        read(files, url(server, "/6.csv"))


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("https://127.0.0.1:{port}/ids.csv?hunter2", "127.0.0.1 has an address that is not public"),
        ("https://localhost/hunter2", "localhost has an address that is not public"),
        ("//127.0.0.1:{port}/hunter2", "127.0.0.1 has an address that is not public"),
        ("http://localhost:{port}/ids.csv", "https:// only"),
        ("file:///etc/passwd", "https:// only"),
        ("https://user:hunter2@localhost:{port}/ids.csv", "a user name"),
        ("https://localhost:hunter2/ids.csv", "cannot be read"),
        ("", "no address to go to"),
    ],
)
def test_each_hop_is_checked_anew(server: FileServer, files: Files, location: str, says: str) -> None:
    server.answers["/old.csv"] = answer(302, b"", Location=location.format(port=server.port))
    with refused(Unusable, says):
        read(files, url(server, "/old.csv"))
    assert len(server.asked) == 1


def test_the_body_of_a_redirect_is_not_read(server: FileServer, files: Files) -> None:
    server.answers["/old.csv"] = answer(302, b"", length=1 << 50, Location="/ids.csv")
    assert read(files, url(server, "/old.csv")) == CONTENT


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "0x7f.1", "2130706433", "017700000001", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
        "169.254.169.254", "0.0.0.1", "0", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "10.0.0.1", "localhost", "LOCALHOST",
    ],
)  # fmt: skip
def test_a_host_at_a_private_address_is_refused_in_every_spelling(server: FileServer, host: str) -> None:
    with refused(Unusable, "an address that is not public"):
        read(Files(), url(server, "/ids.csv", host))
    assert not server.asked


def test_a_private_host_is_allowed_with_its_port_or_with_all(server: FileServer) -> None:
    for allowed in ("localhost", f"localhost:{server.port}"):
        assert read(Files(private_hosts=frozenset({allowed})), url(server, "/ids.csv")) == CONTENT
    with refused(Unusable, "not public"):
        read(Files(private_hosts=frozenset({"localhost:1"})), url(server, "/ids.csv"))


def test_the_connection_goes_to_the_address_that_was_checked(
    server: FileServer, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name service gives the first address once, and later only one where nobody listens."""
    look_up, asked = socket.getaddrinfo, []

    def rebinding(host: str, *args: Any, **kwargs: Any) -> Any:
        if host == "files.example.com":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    source = files.open(url(server, "/ids.csv", "files.example.com"))
    assert b"".join(source.chunks()) == CONTENT
    assert asked == ["files.example.com"]
    assert server.asked[0].headers["Host"] == f"files.example.com:{server.port}"


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("1.1.1.1", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with refused(Unusable, "an address that is not public"):
        read(Files(), "https://files.example.com/ids.csv")


def test_the_next_address_is_tried_when_one_takes_no_connection(
    server: FileServer, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *args, **kwargs: [
            *(look_up("127.0.0.2", *args, **kwargs) if host == "localhost" else ()),
            *look_up(host, *args, **kwargs),
        ],
    )
    assert read(files, url(server, "/ids.csv")) == CONTENT


def test_the_certificate_must_be_the_hosts(server: FileServer) -> None:
    with refused(Unusable, r"https://127\.0\.0\.1:\d+ cannot be trusted"):
        read(Files(private_hosts=frozenset({"127.0.0.1"})), url(server, "/ids.csv", "127.0.0.1"))


def test_the_certificate_must_be_trusted(server: FileServer, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with refused(Unusable, "cannot be trusted"):
        read(files, url(server, "/ids.csv"))


def test_proxies_of_the_environment_are_not_used(
    server: FileServer, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert read(files, url(server, "/ids.csv")) == CONTENT


@pytest.mark.parametrize("status", [204, 206, 304, 400, 401, 403, 404, 410, 451])
def test_what_the_job_must_mend(server: FileServer, files: Files, status: int) -> None:
    server.answers["/ids.csv"] = answer(status, b"")
    with refused(Unusable, f"the server answers {status}"):
        read(files, url(server, "/ids.csv"))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_go_better_later(server: FileServer, files: Files, status: int) -> None:
    server.answers["/ids.csv"] = answer(status, f"{SECRET}".encode())
    with refused(Unreachable, f"the server answers {status}"):
        read(files, url(server, "/ids.csv"))


@pytest.mark.parametrize(
    "reply",
    [
        answer(length=len(CONTENT) + 1),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
        raw(b"this is no HTTP\r\n\r\n"),
        raw(b""),
    ],
    ids=["fewer bytes than told", "no last chunk", "half a head", "no HTTP", "nothing"],
)
def test_an_answer_that_breaks_off_is_never_taken_for_whole(server: FileServer, files: Files, reply: Answer) -> None:
    server.answers["/ids.csv"] = reply
    with refused(Unreachable, r"broke off|was lost"):
        read(files, url(server, "/ids.csv"))


def test_a_server_that_keeps_the_worker_waiting(server: FileServer) -> None:
    server.answers["/ids.csv"] = stalled()
    files = Files(private_hosts=frozenset({"localhost"}), timeout_s=0.2)
    with refused(Unreachable, "keeps the worker waiting"):
        read(files, url(server, "/ids.csv"))


def test_a_content_without_an_end_is_refused(server: FileServer, files: Files) -> None:
    server.answers["/ids.csv"] = raw(b"HTTP/1.1 200 OK\r\n\r\n" + CONTENT)
    with refused(Unusable, "no Content-Length"):
        read(files, url(server, "/ids.csv"))


def test_nobody_listens(files: Files, server: FileServer) -> None:
    server.close()
    with refused(Unreachable, "no connection"):
        read(files, url(server, "/ids.csv"))


def test_a_host_that_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with refused(Unreachable, r"files\.example\.com cannot be found"):
        read(Files(), "https://files.example.com/ids.csv")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"ETag": '"1"'}, {"ETag": '"2"'}),
        ({"Last_Modified": "Sat, 21 Nov 2026 08:00:00 GMT"}, {"Last_Modified": "Sat, 21 Nov 2026 08:00:01 GMT"}),
        ({}, {"body": CONTENT + b"more"}),
        ({"ETag": '"1"'}, {"ETag": '"1"', "body": b"less"}),
    ],
)
def test_a_change_between_two_readings_is_noticed(
    server: FileServer, files: Files, first: dict[str, Any], second: dict[str, Any]
) -> None:
    source = files.open(url(server, "/ids.csv"))
    server.answers["/ids.csv"] = answer(**first)
    assert b"".join(source.chunks()) == CONTENT
    server.answers["/ids.csv"] = answer(**second)
    with refused(Unreachable, "changed while it was read"):
        next(source.chunks())


def test_an_equal_etag_leads_over_the_date(server: FileServer, files: Files) -> None:
    source = files.open(url(server, "/ids.csv"))
    for date in ("Sat, 21 Nov 2026 08:00:00 GMT", "Sat, 21 Nov 2026 08:00:01 GMT"):
        server.answers["/ids.csv"] = answer(ETag='"1"', Last_Modified=date)
        assert b"".join(source.chunks()) == CONTENT


def test_a_file_larger_than_the_reader_takes(server: FileServer, files: Files) -> None:
    assert read(files, url(server, "/ids.csv"), len(CONTENT)) == CONTENT
    with refused(Unusable, "larger than 1000 bytes"):
        next(files.open(url(server, "/ids.csv"), max_bytes=1000).chunks())


def test_a_content_that_never_ends_ends_at_the_readers_limit(server: FileServer, files: Files) -> None:
    def endless(to: Any) -> None:
        to.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            to.wfile.write(b"100000\r\n" + bytes(CHUNK) + b"\r\n")

    server.answers["/ids.csv"] = endless
    with refused(Unusable, f"larger than {8 * CHUNK} bytes"):
        read(files, url(server, "/ids.csv"), 8 * CHUNK)
    assert server.left.wait(10)


def test_a_reading_that_is_left_closes_its_connection(server: FileServer, files: Files) -> None:
    server.answers["/ids.csv"] = zeros(1 << 40)
    chunks = files.open(url(server, "/ids.csv")).chunks()
    next(chunks)
    assert not server.left.is_set()
    chunks.close()
    assert server.left.wait(10)


def test_memory_is_the_same_for_any_size(server: FileServer, files: Files) -> None:
    server.answers["/ids.csv"] = zeros(64)
    source = files.open(url(server, "/ids.csv"))
    tracemalloc.start()
    try:
        assert sum(map(len, source.chunks())) == 64 * CHUNK
        assert tracemalloc.get_traced_memory()[1] < 8 * CHUNK
    finally:
        tracemalloc.stop()
