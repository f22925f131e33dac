"""To whom are credentials sent? Over verified TLS to the configured host, and to no other."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from calls import call_to
from command import example
from real import Deployment, RedisServer, Sandbox, wait_until
from topologies import Authority

from workers.http import Call
from workers.outcome import AttemptEnded, Unavailable


class Host(ThreadingHTTPServer):
    """Somebody who answers, notes what reached them, and may send whoever asks elsewhere."""

    def __init__(self, tls: ssl.SSLContext | None, elsewhere: str | None) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.reached: list[str] = []
        self.elsewhere = elsewhere
        self.url = f"{'https' if tls else 'http'}://localhost:{self.server_port}"
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, *_: object) -> None:
        """A client that hangs up over the certificate is what is wanted here."""


class Answers(BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        self.server.reached.append(self.headers["pubToken"])
        self.send_response(302 if self.server.elsewhere else 200)
        if self.server.elsewhere:
            self.send_header("Location", self.server.elsewhere)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Terminator:
    """TLS in front of a port of this machine, as a provider's own."""

    def __init__(self, tls: ssl.SSLContext, to_port: int) -> None:
        self._to_port = to_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        server = self._do(asyncio.start_server(self._carry, "127.0.0.1", 0, ssl=tls))
        self.port = server.sockets[0].getsockname()[1]
        self._server = server

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
            await asyncio.gather(_pump(reader, to_writer), _pump(to_reader, writer))

    def _do(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def close(self) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError), contextlib.closing(writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


Start = Callable[[ssl.SSLContext | None, str | None], Host]


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as open_:

        def started(tls: ssl.SSLContext | None, elsewhere: str | None) -> Host:
            host = open_.enter_context(Host(tls, elsewhere))
            thread = threading.Thread(target=host.serve_forever, args=(0.02,))
            thread.start()
            open_.callback(thread.join)
            open_.callback(host.shutdown)
            return host

        yield started


def ask(host: Host) -> tuple[Call, int]:
    call = call_to(host.url)
    return call, call.request("GET", "/x", changes=False, headers=lambda: {"pubToken": "canary"}).status


def test_a_host_whose_certificate_nobody_trusts_gets_no_request(start: Start) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(tls)
    host = start(tls, None)
    with pytest.raises(AttemptEnded) as ended:
        ask(host)
    assert isinstance(ended.value.outcome, Unavailable)
    assert "CERTIFICATE_VERIFY_FAILED" in ended.value.outcome.said.message
    assert host.reached == []


def test_a_worker_does_its_jobs_over_https(
    tmp_path: Path, on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    authority = Authority(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority.chain, authority.key)
    front = Terminator(tls, int(sandbox.url.rpartition(":")[2]))
    try:
        on_redis.config.write_text(on_redis.config.read_text().replace(sandbox.url, f"https://127.0.0.1:{front.port}"))
        on_redis.wait_for_worker(on_redis.start_worker(SSL_CERT_FILE=str(authority.file)))
        jobs = [example("pubmatic-create-simple"), example("mintegral-create", account="acme")]
        with redis_server.client() as client:
            client.lpush("audience.jobs", *map(json.dumps, jobs))
            events = wait_until(lambda: len(found := on_redis.events(client)) == 2 and found, what="both events")
    finally:
        on_redis.close()
        front.close()
    assert {event["data"]["status"] for event in events} == {"succeeded"}


def test_a_redirect_is_an_answer_and_takes_no_credentials_elsewhere(start: Start) -> None:
    other = start(None, None)
    host = start(None, f"{other.url}/stolen")
    assert ask(host)[1] == 302
    assert (host.reached, other.reached) == (["canary"], [])
