"""What the sandbox answers to requests that no decent client sends: something a provider could have said."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from tornado.testing import bind_unused_port
from tornado.web import Application

from sandbox.answers import Answer
from sandbox.calls import Call
from sandbox.credentials import MINTEGRAL_KEYS, PUBMATIC_TOKENS
from sandbox.exchange import Exchange
from sandbox.mintegral.provider import MINTEGRAL, token_for
from sandbox.mintegral.uploads import STORAGE as STORAGE_DOOR
from sandbox.mintegral.uploads import Upload
from sandbox.process import started
from sandbox.provider import Operation, Provider
from sandbox.pubmatic.provider import PUBMATIC
from sandbox.state import Sandbox

AUDIENCES = "/v1/audience/audiences"
AUDIENCE = "/api/open/v1/audience"
PRESIGN = f"{AUDIENCE}/presigned-upload-data"
STORAGE = "/audience/tmp_upload/2026/01/01/abc/0123/ids.txt"
MIB = 1024 * 1024
ROOT = Path(__file__).parents[2]
TORNADO = ("<title>", "Traceback", "tornado")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with started() as url:
        yield url


@pytest.fixture(scope="module")
def api(url: str) -> Iterator[httpx.Client]:
    keys, stamp = MINTEGRAL_KEYS["acme"], str(int(time.time()))
    headers = {"access-key": keys.access_key, "timestamp": stamp, "token": token_for(keys.api_key, stamp)}
    headers |= {"pubToken": PUBMATIC_TOKENS["acme"], "Content-Type": "application/json"}
    with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
        yield client


def looks_like_the_provider(answer: httpx.Response) -> bool:
    """JSON in the provider's own wrapping, its SOAP fault, or the storage's XML."""
    if any(sign in answer.text for sign in TORNADO):
        return False
    if answer.headers["Content-Type"].startswith(("text/xml", "application/xml")):
        return "<soap:Fault>" in answer.text or "<Error><Code>" in answer.text
    value = answer.json()
    if answer.url.path.startswith("/api/open"):
        return {"code", "data"} <= value.keys()
    return isinstance(value, dict) or all({"errorCode", "errorMessage"} == one.keys() for one in value)


PATHS = (AUDIENCES, f"{AUDIENCES}/1", "/v1/nowhere", AUDIENCE, PRESIGN, "/api/open/v1/nowhere", STORAGE)


@pytest.mark.parametrize("method", ["FOO", "FINISH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", PATHS)
def test_an_unknown_method_is_refused_in_the_providers_words(api: httpx.Client, path: str, method: str) -> None:
    answer = api.request(method, path, content=b"x" * 1000)
    assert answer.status_code in (200, 405, 404, 500)
    assert looks_like_the_provider(answer)
    entry = api.get("/_sandbox/ledger").json()["entries"][-1]
    assert (entry["method"], entry["path"], entry["status"]) == (method, path, answer.status_code)


@pytest.mark.parametrize("path", [f"{AUDIENCES}/%ff%fe", f"{AUDIENCES}/%00", f"{AUDIENCES}?name=%ff&pageSize=-1&id=x"])
def test_bytes_that_are_no_text_are_only_not_found(api: httpx.Client, path: str) -> None:
    answer = api.get(path, params=None)
    assert answer.status_code == 400
    assert looks_like_the_provider(answer)


@pytest.mark.parametrize("path", [AUDIENCES, AUDIENCE])
@pytest.mark.parametrize("announced", [True, False])
def test_a_huge_body_is_413_in_the_providers_words_and_not_kept(
    api: httpx.Client, path: str, *, announced: bool
) -> None:
    process = psutil.Process(api.get("/_sandbox/health").json()["pid"])
    before = process.memory_info().rss
    block, blocks = b" " * MIB, 150
    headers = {"Content-Length": str(MIB * blocks)} if announced else {}
    answer = api.post(path, content=(block for _ in range(blocks)), headers=headers)
    assert answer.status_code == 413
    assert looks_like_the_provider(answer)
    assert process.memory_info().rss - before < 40 * MIB


@pytest.mark.parametrize(
    "media_type", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "", "\xff", "a" * 5000]
)
@pytest.mark.parametrize("path", [AUDIENCES, AUDIENCE])
def test_a_strange_media_type_is_refused_in_the_providers_words(api: httpx.Client, path: str, media_type: str) -> None:
    answer = api.post(path, content=b"--x\r\n%%%", headers={"Content-Type": media_type.encode("latin-1")})
    assert answer.status_code == (415 if path == AUDIENCES else 200)
    assert looks_like_the_provider(answer)


@pytest.mark.parametrize("header", ["pubToken", "Authorization", "access-key", "timestamp", "token", "Content-Type"])
@pytest.mark.parametrize("value", [b"\xff\xfe", b"", b"x" * 30_000, b"Bearer", "\u0663".encode()])
@pytest.mark.parametrize("path", [AUDIENCES, AUDIENCE, PRESIGN, STORAGE])
def test_a_malformed_header_is_refused_in_the_providers_words(
    api: httpx.Client, path: str, header: str, value: bytes
) -> None:
    answer = api.put(path, headers={header: value}) if path == STORAGE else api.get(path, headers={header: value})
    assert answer.status_code in (200, 400, 401, 403, 415)
    assert looks_like_the_provider(answer)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /v1/x HTTP/9.9\r\nHost: x\r\n\r\n",
        b"POST /v1/audience/audiences HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/audience/audiences HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST /v1/audience/audiences HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /v1/x HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 20_000 + b"\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_no_http_ends_the_connection_and_nothing_else(api: httpx.Client, raw: bytes) -> None:
    address = (api.base_url.host, api.base_url.port or 0)
    with socket.create_connection(address, timeout=5) as connection:
        try:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            said = connection.makefile("rb").read()
        except OSError:
            said = b""  # reset: it would not even listen to the end
    assert not any(sign.encode() in said for sign in TORNADO)
    assert api.get("/_sandbox/health").json()["status"] == "ok"


def test_a_client_that_leaves_in_the_middle_of_a_body_leaves_nothing_behind(api: httpx.Client) -> None:
    seen = api.get("/_sandbox/ledger").json()["last_seq"]
    for _ in range(20):
        with socket.create_connection((api.base_url.host, api.base_url.port or 0)) as connection:
            connection.sendall(b"POST /v1/audience/audiences HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert api.get("/_sandbox/ledger").json()["last_seq"] == seen, "what never arrived whole is no request"


def test_many_silent_connections_delay_nobody(api: httpx.Client) -> None:
    address = (api.base_url.host, api.base_url.port or 0)
    with ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection(address)) for _ in range(300)]
        for one in silent:
            one.sendall(b"GET /v1/audience/audiences HTTP/1.1\r\nHost: x\r\nX-Sandbox-Fault: hang\r\n\r\n")
        began = time.monotonic()
        assert api.get(AUDIENCE).json()["code"] == 200
        assert time.monotonic() - began < 2


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = [
    *("name", "accountType", "accountId", "clientId", "dataProviderId", "providerAudienceId", "queryInfix", "price"),
    *("enabled", "private", "transferCode", "ta_name", "area_type", "platform", "data_path", "ta_id"),
    *("userName", "password", "apiProduct", "email", "refreshToken"),
]
STEERING = [
    *("action", "preset", "status", "headers", "body", "times", "contains", "path", "delay_ms"),
    *("provider", "audience", "count", "age_s", "account", "access_token", "expire"),
]
KNOWN = st.sampled_from(["PUBLISHER", "DATA_PROVIDER_CLIENT", 1, "383", "(,383:1,AND,383:2,)", "s3://b/x", "x", -1])
BODIES = st.dictionaries(st.sampled_from(NAMES), KNOWN | JSON_VALUES, max_size=8) | JSON_VALUES
CALLS = st.sampled_from(
    [
        ("POST", AUDIENCES),
        ("PATCH", f"{AUDIENCES}/475332"),
        ("POST", "/v1/developer-integrations/developer/token"),
        ("PUT", "/v1/developer-integrations/developer/refreshToken"),
        ("POST", AUDIENCE),
        ("PUT", AUDIENCE),
        ("DELETE", AUDIENCE),
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(call=CALLS, body=BODIES, query=st.dictionaries(st.sampled_from(NAMES), st.text(max_size=5), max_size=3))
def test_any_json_at_any_call_is_answered_as_the_provider_would(
    api: httpx.Client, call: tuple[str, str], body: Any, query: dict[str, str]
) -> None:
    method, path = call
    answer = api.request(method, path, content=json.dumps(body), params=query)
    assert answer.status_code in (200, 400, 401)
    assert looks_like_the_provider(answer)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    what=st.sampled_from(["faults", "audiences", "credentials"]),
    body=st.dictionaries(
        st.sampled_from(STEERING),
        st.sampled_from(["answer", "html", "pubmatic", 1, 0, "x", {"name": "x"}]) | JSON_VALUES,
        max_size=6,
    )
    | JSON_VALUES,
)
def test_any_json_at_the_control_api_is_taken_or_refused_with_a_sentence(
    api: httpx.Client, what: str, body: Any
) -> None:
    answer = api.post(f"/_sandbox/{what}", content=json.dumps(body))
    assert answer.status_code in (201, 400)
    assert answer.status_code == 201 or answer.json()["error"]
    assert looks_like_the_provider(api.get(AUDIENCE, headers={"X-Sandbox-Fault": "mintegral_10000"}))
    api.delete("/_sandbox/faults")
    api.delete("/_sandbox/audiences")


@pytest.mark.parametrize("path", ["/_sandbox/nothing", "/_sandbox/ledger/", "/_sandbox/ledger?since=x"])
def test_a_control_path_that_cannot_be_is_a_sentence_and_no_request(api: httpx.Client, path: str) -> None:
    seen = api.get("/_sandbox/ledger").json()["last_seq"]
    answer = api.get(path)
    assert (answer.status_code, bool(answer.json()["error"])) == (400 if "since" in path else 404, True)
    assert api.get("/_sandbox/ledger").json()["last_seq"] == seen


def test_more_connections_than_files_are_allowed_at_first_are_served() -> None:
    command = f"ulimit -Sn 256; exec {sys.executable} -m sandbox --port 0"
    with (
        subprocess.Popen(["bash", "-c", command], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process,
        ExitStack() as stack,
    ):
        stack.callback(process.kill)
        assert process.stdout
        url = httpx.URL(process.stdout.readline().split()[-1])
        for _ in range(400):
            one = stack.enter_context(socket.create_connection((url.host, url.port or 0), timeout=5))
            one.sendall(b"GET /v1/x HTTP/1.1\r\nHost: x\r\nX-Sandbox-Fault: hang\r\n\r\n")
        assert httpx.get(url.join("/_sandbox/health"), timeout=5).is_success


def served(handler: type[Exchange], provider: Provider, otherwise: Operation, body: bytes = b"") -> tuple[int, str]:
    """What one request hears from a server with this handler alone."""

    async def asked() -> tuple[int, str]:
        route = {"sandbox": Sandbox(), "provider": provider, "operations": {}, "otherwise": otherwise}
        listening, port = bind_unused_port()
        server = HTTPServer(Application([(".*", handler, route)]))
        server.add_sockets([listening])
        client = SimpleAsyncHTTPClient(force_instance=True)
        answer = await client.fetch(f"http://127.0.0.1:{port}/", method="PUT", body=body, raise_error=False)
        client.close()
        server.stop()
        await server.close_all_connections()
        return answer.code, answer.body.decode()

    said: tuple[int, str] = IOLoop(make_current=False).run_sync(asked)
    return said


def broken(_call: Call, _sandbox: Sandbox) -> Answer:
    raise RuntimeError("a bug")


@pytest.mark.parametrize(
    ("provider", "said"), [(PUBMATIC, "INTERNAL_ERROR"), (MINTEGRAL, "system error"), (STORAGE_DOOR, "InternalError")]
)
def test_a_bug_of_the_sandbox_looks_like_trouble_of_the_provider(
    provider: Provider, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    status, text = served(Exchange, provider, broken)
    assert (status, said in text) == (500, True)
    assert "a bug" in caplog.text


def test_a_file_that_is_too_large_is_refused_in_the_storages_words() -> None:
    class SmallUpload(Upload):
        body_max_bytes = 10

    assert served(SmallUpload, STORAGE_DOOR, broken, body=b"x" * 10)[0] == 403
    status, text = served(SmallUpload, STORAGE_DOOR, broken, body=b"x" * 11)
    assert (status, "EntityTooLarge" in text) == (400, True)
