"""Is an answer read as HTTP has it, and a connection used again only where that is safe? At servers that say it."""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import threading
import time
import tracemalloc
from itertools import count
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
import trustme
from calls import call_to

from workers.http import Answer
from workers.http_request import Request, address_of
from workers.http_transport import _tls, exchange
from workers.outcome import AttemptEnded, Unavailable

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Scripted:
    """Answers each request with the next of some bytes, and notes over which connection it came."""

    def __init__(self, *answers: bytes, closes: bool = False) -> None:
        self._answers, self._closes = list(answers), closes
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.requests: list[tuple[int, bytes]] = []
        """The number of the connection, and what came over it at once."""
        self._peers: list[socket.socket] = []
        self._ends = False
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends = True  # from here on the thread closes what it lets in
        for each in (self._listening, *self._peers):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listening.close()
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        for number in count(1):
            try:
                peer, _ = self._listening.accept()
            except OSError:
                return
            self._peers.append(peer)
            with peer, contextlib.suppress(ConnectionError):
                while not self._ends and (request := peer.recv(65536)):
                    self.requests.append((number, request))
                    peer.sendall(self._answers.pop(0))
                    if self._closes:
                        break

    def hang_up(self) -> None:
        """Close the last connection, as a server does with idle ones."""
        self._peers[-1].shutdown(socket.SHUT_RDWR)

    @property
    def connections(self) -> list[int]:
        return [number for number, _ in self.requests]


def asked(url: str) -> Answer:
    return call_to(url, deadline_s=5.0).request("GET", "/", changes=False, headers=dict)


def refused(url: str) -> str:
    """What is said of a request that has no answer."""
    with pytest.raises(AttemptEnded) as ended:
        asked(url)
    assert isinstance(ended.value.outcome, Unavailable)
    return ended.value.outcome.said.message


@pytest.mark.parametrize(
    ("answer", "status", "body", "stays"),
    [
        (PLAIN, 200, b"{}", True),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, b"", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, b"", True),
        (CHUNKED + b'3\r\n{"a\r\n4;x=y\r\n":1}\r\n0\r\n\r\n', 200, b'{"a":1}', True),
        (CHUNKED + b"2\r\n{}\r\n0\r\nContent-Encoding: gzip\r\n\r\n", 200, b"{}", True),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN, 200, b"{}", True),
        (b"HTTP/1.1 103 Early Hints\r\nContent-Encoding: gzip\r\n\r\n" + PLAIN, 200, b"{}", True),
        (PLAIN.replace(b"OK", b"OK\r\nConnection: close"), 200, b"{}", False),
        (PLAIN.replace(b"1.1", b"1.0"), 200, b"{}", False),
        (PLAIN.replace(b"1.1 200 OK", b"1.0 200 OK\r\nConnection: keep-alive"), 200, b"{}", True),
        (CHUNKED + b"2  \r\n{}\r\n0\r\n\r\n", 200, b"{}", True),
        (CHUNKED.replace(b"OK", b"OK\r\nContent-Length: 9") + b"2\r\n{}\r\n0\r\n\r\n", 200, b"{}", False),
        (PLAIN.replace(b"\r\n", b"\n"), 200, b"{}", True),
        (PLAIN + b"more", 200, b"{}", False),
        (PLAIN + PLAIN, 200, b"{}", False),
    ],
)
def test_an_answer_is_read_whole_and_its_connection_used_again_where_the_server_keeps_it(
    answer: bytes, status: int, body: bytes, *, stays: bool
) -> None:
    with Scripted(answer, PLAIN) as server:
        first = asked(server.url)
        assert (first.status, first.body) == (status, body)
        assert asked(server.url).body == b"{}"
        assert server.connections == [1, 1 if stays else 2]


def test_an_answer_that_says_nothing_of_its_length_ends_with_its_connection() -> None:
    with Scripted(b"HTTP/1.1 200 OK\r\n\r\n{}", closes=True) as server:
        assert asked(server.url).body == b"{}"


@pytest.mark.parametrize(
    "answer",
    [
        PLAIN[:-1],
        CHUNKED + b"2\r\n{}\r\n",
        CHUNKED.replace(b"chunked", b"Chunked") + b"2\r\n{}\r\n",
        CHUNKED + b"two\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        CHUNKED.replace(b"chunked", b"chunked, identity") + b"2\r\n{}\r\n0\r\n\r\n",
        CHUNKED.replace(b"chunked", b"gzip, chunked") + b"2\r\n{}\r\n0\r\n\r\n",
        PLAIN.replace(b"200", b"099"),
        b"HTTP/1.1 200 OK\r\n",
        b"",
    ],
)
def test_what_is_no_whole_answer_is_a_lost_one(answer: bytes) -> None:
    with Scripted(answer, PLAIN, closes=True) as server:
        assert "the answer was lost" in refused(server.url)
        assert asked(server.url).body == b"{}"
        assert server.connections == [1, 2]


def test_headers_that_come_twice_are_one_value_and_empty_ones_are_there() -> None:
    with Scripted(PLAIN.replace(b"OK", b"OK\r\nWarning: a\r\nX-None:\r\nWARNING:  b ")) as server:
        headers = asked(server.url).headers
    assert headers == {"warning": "a, b", "x-none": "", "content-length": "2"}


def test_an_answer_compressed_unasked_is_unfolded() -> None:
    body = gzip.compress(b'{"a": 1}')
    head = b"HTTP/1.1 200 \xe9\r\nX-Name: caf\xe9\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    with Scripted(head + body) as server:
        assert asked(server.url).json == {"a": 1}


@pytest.mark.parametrize("what", ["body", "head", "compressed"])
def test_an_answer_that_is_too_large_is_given_up(what: str) -> None:
    body = {"body": bytes(70_000), "head": b"", "compressed": gzip.compress(bytes(1_000_000))}[what]
    more = {"body": b"", "head": b"X: %b\r\n" % (b"x" * 70_000), "compressed": b"Content-Encoding: gzip\r\n"}[what]
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n" % (len(body), more) + body
    with Scripted(answer) as server, pytest.raises(httpx.DecodingError, match="larger than 65536 bytes"):
        exchange(Request("GET", address_of(server.url), {}), lambda: None, deadline_s=5.0, max_answer_bytes=65536)


@pytest.mark.parametrize("value", ["a\r\nX-Other: b", "a\nX-Other: b", "a\rb", "a\0b"])
def test_a_header_that_would_make_another_request_is_not_sent(value: str) -> None:
    with Scripted(PLAIN) as server:
        call = call_to(server.url)
        with pytest.raises(AttemptEnded) as ended:
            call.request("POST", "/", changes=True, headers=lambda: {"token": value})
        assert isinstance(ended.value.outcome, Unavailable)
        assert "a header holds the end of a line" in ended.value.outcome.said.message
        assert server.requests == []


@pytest.mark.parametrize("value", ["caf\xe9", "\u200b"])
def test_a_header_that_is_not_ascii_is_not_sent(value: str) -> None:
    with Scripted(PLAIN) as server, pytest.raises(AttemptEnded) as ended:
        call_to(server.url).request("POST", "/", changes=True, headers=lambda: {"token": value})
    assert isinstance(ended.value.outcome, Unavailable)
    assert "not ASCII" in ended.value.outcome.said.message


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding"])
def test_a_header_that_is_not_an_adapters_is_not_sent(name: str) -> None:
    with Scripted(PLAIN) as server, pytest.raises(AttemptEnded) as ended:
        call_to(server.url).request("POST", "/", changes=True, headers=lambda: {name: "1"})
    assert "a header says" in str(ended.value.outcome)
    assert server.requests == []


def test_a_header_without_a_value_is_a_fault_and_not_sent() -> None:
    headers: dict[str, Any] = {"Token": None}
    with Scripted(PLAIN) as server, pytest.raises(TypeError):
        call_to(server.url).request("POST", "/", changes=True, headers=lambda: headers)
    assert server.requests == []


@pytest.mark.parametrize("path", ["", "?q=1", "/a b", "/a#b", "/a\tb", "/\xe9"])
def test_a_path_that_is_not_quoted_is_not_sent(path: str) -> None:
    with Scripted(PLAIN) as server, pytest.raises(AttemptEnded) as ended:
        call_to(server.url).request("GET", path, changes=False, headers=dict)
    assert "the address is not quoted" in str(ended.value.outcome)
    assert server.requests == []


def test_what_goes_over_the_wire_is_what_was_asked_for() -> None:
    with Scripted(PLAIN, PLAIN, PLAIN, PLAIN) as server:
        host = server.url.removeprefix("http://").encode()
        call = call_to(f"{server.url}/v1/")
        params = [("name", "a b&c/\xe9"), ("n", "1")]
        call.request("GET", "/audiences/7", changes=False, headers=lambda: {"Token": "t"}, params=params)
        call.request("POST", "/audiences", changes=True, headers=dict, body={"name": "\xe9"})
        call.request("DELETE", "/audiences", changes=True, headers=dict)
        call.upload("PUT", f"{server.url}/a%20b?X-Signature=s%2F", chunks=lambda: iter([b"12"]), size=2)
    assert [request for _, request in server.requests] == [
        b"GET /v1/audiences/7?name=a+b%26c%2F%C3%A9&n=1 HTTP/1.1\r\nHost: " + host + b"\r\nToken: t\r\n\r\n",
        b"POST /v1/audiences HTTP/1.1\r\nHost: " + host + b'\r\nContent-Length: 14\r\n\r\n{"name": "\xc3\xa9"}',
        b"DELETE /v1/audiences HTTP/1.1\r\nHost: " + host + b"\r\n\r\n",
        b"PUT /a%20b?X-Signature=s%2F HTTP/1.1\r\nHost: " + host + b"\r\nContent-Length: 2\r\n\r\n12",
    ]


@pytest.mark.parametrize(("said", "what"), [(4, "longer"), (6, "shorter")])
def test_a_body_of_another_length_than_its_head_says_is_never_taken_for_whole(said: int, what: str) -> None:
    call = call_to("http://127.0.0.1:1", deadline_s=5.0)
    with Scripted(PLAIN, PLAIN) as server, pytest.raises(AttemptEnded) as ended:
        call.upload("PUT", server.url, chunks=lambda: iter([b"ab", b"cde"]), size=said)
    assert isinstance(ended.value.outcome, Unavailable)
    assert what in ended.value.outcome.said.message


def test_a_server_that_says_no_before_it_has_read_an_upload_is_heard() -> None:
    size = 50_000_000  # more than the sockets hold, so that the server closes while it is being sent
    no = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            peer, _ = listening.accept()
            with peer:
                peer.recv(1000)
                peer.sendall(no)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        answer = call_to(url).upload(
            "PUT", url, chunks=lambda: (bytes(100_000) for _ in range(size // 100_000)), size=size
        )
        thread.join(10)
    assert (answer.status, answer.body) == (403, b"no")


def test_large_bodies_go_both_ways_through_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size, authority, tls = 3_000_000, trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    _tls.cache_clear()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            peer, _ = listening.accept()
            with tls.wrap_socket(peer, server_side=True) as secure:
                for _ in range(2):
                    request = b""
                    while not request.endswith(b"end"):
                        request += secure.recv(100_000)
                    secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + bytes(size))

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/"
        for _ in range(2):
            answer = call_to(url).upload("PUT", url, chunks=lambda: iter([bytes(size), b"end"]), size=size + 3)
            assert (answer.status, len(answer.body)) == (200, size)
        thread.join(10)
    _tls.cache_clear()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/a",
        "http:///a",
        "file:///etc/passwd",
        "http://127.0.0.1:107295/",
        f"http://{'a' * 64}.invalid/",
        "https://xn--a-.invalid/",
        "https://\xad.invalid/",
        "http://127.0.0.1:port/",
    ],
)
def test_an_address_that_leads_nowhere_was_surely_not_sent_to(url: str) -> None:
    with pytest.raises(AttemptEnded) as ended:
        call_to("http://127.0.0.1:1").upload("PUT", url, chunks=lambda: iter([b"a"]), size=1)
    assert "no connection to the provider" in str(ended.value.outcome)


def test_a_thread_keeps_connections_to_a_few_servers() -> None:
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(Scripted(PLAIN, PLAIN)) for _ in range(5)]
        for server in servers:
            asked(server.url)
        for server in reversed(servers):
            asked(server.url)
        assert [server.connections for server in servers] == [[1, 2], *([[1, 1]] * 4)]


def test_a_connection_that_the_server_closes_before_its_request_leaves_carries_nothing() -> None:
    with Scripted(PLAIN, PLAIN) as server:

        def permit(_: object) -> None:
            if server.connections:
                server.hang_up()

        call = call_to(server.url, permit=permit, deadline_s=5.0)
        assert call.request("POST", "/", changes=True, headers=dict).status == 200
        with pytest.raises(AttemptEnded) as ended:
            call.request("POST", "/", changes=True, headers=dict)
        assert isinstance(ended.value.outcome, Unavailable)
        assert server.connections == [1]


def test_a_permit_that_comes_after_the_deadline_sends_nothing() -> None:
    with Scripted(PLAIN) as server:
        call = call_to(server.url, permit=lambda _: time.sleep(0.3), deadline_s=0.2)
        with pytest.raises(AttemptEnded) as ended:
            call.request("POST", "/", changes=True, headers=dict)
        assert isinstance(ended.value.outcome, Unavailable)
        assert server.requests == []


def test_a_body_is_not_kept_with_its_connection() -> None:
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n" + bytes(8_000_000)
    with Scripted(large) as server:
        tracemalloc.start()
        try:
            assert len(asked(server.url).body) == 8_000_000
            assert tracemalloc.get_traced_memory()[0] < 1_000_000
        finally:
            tracemalloc.stop()
