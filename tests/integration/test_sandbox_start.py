"""How the sandbox starts, says that it is ready, and ends."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]


@contextmanager
def run(*options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "sandbox", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


def ready_url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    found = re.fullmatch(r"sandbox ready on (http://127\.0\.0\.1:\d+)\n", process.stdout.readline())
    assert found
    return found[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_ends_quietly_on_a_signal(number: signal.Signals) -> None:
    with run("--port", "0") as process:
        assert httpx.get(f"{ready_url(process)}/_sandbox/health").json()["status"] == "ok"
        process.send_signal(number)
        assert process.wait(5) == 0
        assert process.communicate() == ("", "")


def test_it_ends_at_once_even_with_an_unanswered_request() -> None:
    with run("--port", "0") as process:
        url = ready_url(process)
        httpx.post(f"{url}/_sandbox/faults", json={"action": "hang"})
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{url}/v1/audience/audiences", timeout=0.3)
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as open_connection:
            httpx.post(f"{url}/_sandbox/faults", json={"action": "hang"})
            open_connection.sendall(b"GET /v1/audience/audiences HTTP/1.1\r\nHost: x\r\n\r\n")
            process.terminate()
            assert process.wait(5) == 0
        assert process.communicate() == ("", "")


OPEN = {
    "kept alive": b"GET /_sandbox/health HTTP/1.1\r\nHost: x\r\n\r\n",
    "half a head": b"GET /_sandbox/health HT",
    "half a body": b"POST /v1/audience/audiences HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
    "silent": b"GET /v1/x HTTP/1.1\r\nHost: x\r\nX-Sandbox-Fault: hang\r\n\r\n",
    "late": b'GET /v1/x HTTP/1.1\r\nHost: x\r\nX-Sandbox-Fault: {"action": "delay", "delay_ms": 60000}\r\n\r\n',
    "dripping": b'GET /v1/x HTTP/1.1\r\nHost: x\r\nX-Sandbox-Fault: {"action": "drip", "delay_ms": 500}\r\n\r\n',
}


@pytest.mark.parametrize("sent", OPEN.values(), ids=OPEN)
def test_it_ends_quietly_whatever_a_connection_is_doing(sent: bytes) -> None:
    with run("--port", "0") as process:
        url = ready_url(process)
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as open_connection:
            open_connection.sendall(sent)
            httpx.get(f"{url}/_sandbox/health")  # served after what was sent before
            process.terminate()
            assert process.wait(5) == 0
        assert process.communicate() == ("", "")


def test_a_taken_port_is_one_sentence() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        run("--port", str(taken.getsockname()[1])) as process,
    ):
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (1, "")
    assert re.fullmatch(r"The sandbox cannot listen on 127\.0\.0\.1:\d+: [^\n]+\n", err)


@pytest.mark.parametrize(
    "options",
    [
        ("--rate-limit", "often"),
        ("--error-rate", "2"),
        ("--pubmatic-token", "x"),
        ("--mintegral-keys", "a=b"),
        ("--behaviour", "{"),
        ("--behaviour", '{"page_size": 2}'),
    ],
)
def test_an_option_that_cannot_be_is_wrong_usage(options: tuple[str, ...]) -> None:
    with run("--port", "0", *options) as process:
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (2, "")
    assert "Traceback" not in err


def test_credentials_and_behaviour_come_from_the_command_line() -> None:
    options = (
        "--pubmatic-token",
        "hooli=hooli-token",
        "--mintegral-keys",
        "hooli=access:api",
        "--rate-limit",
        "1/h",
    )
    with run("--port", "0", *options) as process:
        url = ready_url(process)
        headers = {"pubToken": "hooli-token", "Content-Type": "application/json"}
        statuses = [httpx.get(f"{url}/v1/audience/audiences", headers=headers).status_code for _ in range(2)]
        assert statuses == [400, 429]
        refused = httpx.get(f"{url}/api/open/v1/audience", headers={"access-key": "access", "timestamp": "1"})
        assert "timestamp" in refused.json()["msg"]


def test_every_option_can_be_given_as_json() -> None:
    with run("--port", "0", "--treacherous", "--behaviour", '{"page_size_max": 2}') as process:
        told = httpx.get(f"{ready_url(process)}/_sandbox/behaviour").json()
    assert (told["treacherous"], told["page_size_max"]) == (True, 2)
