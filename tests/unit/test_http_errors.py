"""Has every transport error its place, and is a request cut off, at a server that misbehaves for real?"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from calls import call_to

from workers.http import MAY_HAVE_ARRIVED, SURELY_NOT_SENT, NotYet
from workers.outcome import AttemptEnded, Outcome, Postponed, Said, Unavailable, Unknown

CHANGES = pytest.mark.parametrize(("changes", "lost"), [(True, Unknown), (False, Unavailable)])


def leaves(error: type[httpx.RequestError]) -> Iterator[type[httpx.RequestError]]:
    children = error.__subclasses__()
    if not children:
        yield error
    for child in children:
        yield from leaves(child)


def test_every_transport_error_has_exactly_one_place() -> None:
    placed = [*SURELY_NOT_SENT, *MAY_HAVE_ARRIVED]
    assert set(placed) == set(leaves(httpx.RequestError))
    assert len(placed) == len(set(placed))


@CHANGES
def test_a_refused_connection_was_surely_not_sent(*, changes: bool, lost: type[Outcome]) -> None:
    del lost
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound but not listening: nobody else can take the port
        assert isinstance(outcome_at(held.getsockname()[1], changes=changes), Unavailable)


@CHANGES
def test_an_address_without_a_host_was_surely_not_sent(*, changes: bool, lost: type[Outcome]) -> None:
    del lost
    call = call_to("http://no-such-host.invalid", deadline_s=5.0)
    with pytest.raises(AttemptEnded) as ended:
        call.request("GET", "/", changes=changes, headers=dict)
    assert isinstance(ended.value.outcome, Unavailable)


@CHANGES
def test_a_reset_after_the_request_may_have_been_applied(*, changes: bool, lost: type[Outcome]) -> None:
    with misbehaving(reset) as port:
        assert isinstance(outcome_at(port, changes=changes), lost)


@CHANGES
def test_a_close_without_an_answer_may_have_been_applied(*, changes: bool, lost: type[Outcome]) -> None:
    with misbehaving(lambda _: None) as port:
        assert isinstance(outcome_at(port, changes=changes), lost)


@CHANGES
def test_half_an_answer_may_have_been_applied(*, changes: bool, lost: type[Outcome]) -> None:
    with misbehaving(lambda peer: peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")) as port:
        assert isinstance(outcome_at(port, changes=changes), lost)


@CHANGES
def test_what_is_no_http_may_have_been_applied(*, changes: bool, lost: type[Outcome]) -> None:
    with misbehaving(lambda peer: peer.sendall(b"SSH-2.0-OpenSSH_9.7\r\n")) as port:
        assert isinstance(outcome_at(port, changes=changes), lost)


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"], ids=["head", "body"])
@CHANGES
def test_a_dripping_answer_is_cut_off_at_the_deadline(start: bytes, *, changes: bool, lost: type[Outcome]) -> None:
    def drip(peer: socket.socket) -> None:
        peer.sendall(start or b"HTTP/1.1 200 OK\r\nX-Long: ")
        with contextlib.suppress(OSError):
            while not given_up.wait(0.02):
                peer.sendall(b"x")

    given_up = threading.Event()
    with misbehaving(drip) as port:
        began = time.monotonic()
        ended = outcome_at(port, changes=changes, deadline_s=0.3)
        took = time.monotonic() - began
        given_up.set()
    assert isinstance(ended, lost)
    assert 0.3 <= took < 3.0


@CHANGES
def test_a_silent_server_is_cut_off_at_the_deadline(*, changes: bool, lost: type[Outcome]) -> None:
    given_up = threading.Event()

    def keep_silent(_: socket.socket) -> None:
        given_up.wait(10)

    with misbehaving(keep_silent) as port:
        ended = outcome_at(port, changes=changes, deadline_s=0.2)
        given_up.set()
    assert isinstance(ended, lost)
    assert "0.2 s" in ended.said.message or "timed out" in ended.said.message


def outcome_at(port: int, *, changes: bool, deadline_s: float = 5.0) -> Unknown | Unavailable:
    call = call_to(f"http://127.0.0.1:{port}", deadline_s=deadline_s)
    with pytest.raises(AttemptEnded) as ended:
        call.request("POST", "/", changes=changes, headers=dict, body={"a": 1})
    assert isinstance(ended.value.outcome, Unknown | Unavailable)
    return ended.value.outcome


def reset(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextlib.contextmanager
def misbehaving(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that reads one request, does what it is told, and closes."""

    def serve() -> None:
        peer, _ = listening.accept()
        with peer:
            received = b""
            while b'{"a": 1}' not in received:
                received += peer.recv(4096)
            behave(peer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            thread.join(10)
            assert not thread.is_alive()


def answer_once_each(listening: socket.socket, closed: threading.Semaphore, connections: int) -> None:
    """Answer one request on each connection, and close it without a word, as servers do with idle ones."""
    for _ in range(connections):
        peer, _address = listening.accept()
        with peer:
            while b"\r\n\r\n" not in peer.recv(4096):
                pass
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        closed.release()


def test_a_connection_that_the_server_has_closed_is_not_used_again() -> None:
    requests, closed = 20, threading.Semaphore(0)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        call = call_to(f"http://127.0.0.1:{listening.getsockname()[1]}", deadline_s=5.0)
        server = threading.Thread(target=answer_once_each, args=(listening, closed, requests), daemon=True)
        server.start()
        for _ in range(requests):  # one right after the other: the answer before is not a millisecond old
            assert call.request("POST", "/", changes=True, headers=dict).status == 200
            assert closed.acquire(timeout=10)
        server.join(10)


class Listener:
    """A server that answers every request with 200 and counts the bytes that reach it."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self._listening.accept()
                with peer:
                    while data := peer.recv(4096):
                        self.received.append(data)
                        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.close()


def test_the_permit_is_asked_for_when_the_connection_stands_and_nothing_has_been_sent(listener: Listener) -> None:
    seen: list[int] = []
    call = call_to(f"http://127.0.0.1:{listener.port}", permit=lambda _: seen.append(len(listener.received)))
    for _ in range(2):  # the second on the same connection
        assert call.request("GET", "/", changes=False, headers=dict).status == 200
    assert seen == [0, 1]
    assert len(listener.received) == 2


def test_a_permit_that_is_refused_leaves_nothing_sent_and_the_next_request_goes(listener: Listener) -> None:
    refusals = iter([Postponed(Said("the lane is paused")), None])

    def permit(_: object) -> None:
        refusal = next(refusals)
        if refusal is not None:
            raise AttemptEnded(refusal)

    call = call_to(f"http://127.0.0.1:{listener.port}", permit=permit)
    with pytest.raises(AttemptEnded) as ended:
        call.request("POST", "/", changes=True, headers=dict, body={"a": 1})
    assert isinstance(ended.value.outcome, Postponed)
    assert call.request("GET", "/", changes=False, headers=dict).status == 200
    assert len(listener.received) == 1
    assert listener.received[0].startswith(b"GET")


def test_a_request_that_has_to_wait_is_signed_anew(listener: Listener) -> None:
    waits = iter([0.01, None])
    signatures = iter(["first", "second"])

    def permit(_: object) -> None:
        wait_s = next(waits)
        if wait_s is not None:
            raise NotYet(wait_s)

    call = call_to(f"http://127.0.0.1:{listener.port}", permit=permit)
    call.request("GET", "/", changes=False, headers=lambda: {"token": next(signatures)})
    assert len(listener.received) == 1
    assert b"token: second" in listener.received[0]


def test_a_long_wait_ends_the_attempt_where_it_may_end_and_holds_its_thread_elsewhere(listener: Listener) -> None:
    permits = iter([None, 0.6, None, 0.6])

    def permit(_: object) -> None:
        if (wait_s := next(permits)) is not None:
            raise NotYet(wait_s)

    call = call_to(f"http://127.0.0.1:{listener.port}", permit=permit)
    for _ in range(2):
        call.request("GET", "/", changes=False, headers=dict)
    call.may_end_here()
    with pytest.raises(AttemptEnded) as ended:
        call.request("POST", "/", changes=True, headers=dict)
    assert isinstance(ended.value.outcome, Postponed)
    assert len(listener.received) == 2
