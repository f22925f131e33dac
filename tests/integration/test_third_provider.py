"""Can a provider of one's own be added from outside the tree? One is built, installed, examined and put to work."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any, get_args
from urllib.parse import parse_qs, urlsplit

import pytest
from command import Audience
from real import Deployment, RedisServer, wait_until

from workers.outcome import Outcome
from workers.providers.answers import Means

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "tests" / "third_provider"
PAGE = (ROOT / "docs" / "adding-a-provider.md").read_text()
KEY = "northwind-key-of-acme"


@pytest.fixture(scope="module")
def installed_at(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the distribution as pip installs it, nothing of the network."""
    folder = tmp_path_factory.mktemp("site")
    flags = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    subprocess.run([sys.executable, "-m", "pip", "install", *flags, "--target", folder, SOURCE], check=True)
    return folder


def examined(site: Path, cases: Path) -> subprocess.CompletedProcess[str]:
    """The contract suite, by the command of the page: a variable, pytest, its arguments."""
    (command,) = (line for line in PAGE.splitlines() if line.startswith("AUDIENCE_CONTRACT_CASES="))
    return subprocess.run(
        [sys.executable, "-m", "pytest", *command.split()[2:], "-p", "no:cacheprovider", "-q"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(site), "AUDIENCE_CONTRACT_CASES": str(cases)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_contract_suite_passes_on_it_and_examines_nobody_else(installed_at: Path) -> None:
    done = examined(installed_at, SOURCE / "cases")
    assert done.returncode == 0, done.stdout
    assert re.search(r"\b\d\d passed in", done.stdout)
    assert "skipped" not in done.stdout


@pytest.mark.parametrize(
    ("case", "is_now", "fails"),
    [
        (
            "create_audience/made.json",
            ('"audience_id": "sg-81"', '"audience_id": "sg-82"'),
            "create_audience/made: made",
        ),
        ("create_audience/made.json", ('"path": "/v2/segments"', '"path": "/v2/lists"'), "create_audience/made: made"),
        ("create_audience/refused.json", ('"status": 408', '"status": 500'), "every_row_of_the_error_tables"),
        ("create_audience/found.json", ('"is": "CannotTell"', '"is": "Absent"'), "every_outcome_of_a_provider"),
    ],
)
def test_the_contract_suite_fails_on_what_does_not_hold(
    installed_at: Path, tmp_path: Path, case: str, is_now: tuple[str, str], fails: str
) -> None:
    shutil.copytree(SOURCE / "cases", tmp_path / "cases")
    broken = tmp_path / "cases" / "northwind" / case
    assert is_now[0] in broken.read_text()
    broken.write_text(broken.read_text().replace(*is_now))
    done = examined(installed_at, tmp_path / "cases")
    assert done.returncode == 1
    assert fails in done.stdout


def test_a_folder_without_cases_is_refused(installed_at: Path, tmp_path: Path) -> None:
    done = examined(installed_at, tmp_path)
    assert done.returncode == 2
    assert "it must be for installed providers: ['mintegral', 'northwind', 'pubmatic']" in done.stdout


def test_its_types_hold_against_ours() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "-p", "audience_northwind"],
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


class Northwind:
    """The Segments API, as far as the example needs it: real HTTP on loopback."""

    def __init__(self) -> None:
        self.segments: list[dict[str, Any]] = []
        self.loses_an_answer = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v2"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        ours = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.headers["Authorization"] != f"Bearer {KEY}":
                    self._say(401, {})
                    return
                segment = {"id": f"sg-{len(ours.segments) + 1}", **asked}
                ours.segments.append(segment)
                if ours.loses_an_answer:
                    ours.loses_an_answer, self.close_connection = False, True
                    return
                self._say(201, segment)

            def do_GET(self) -> None:
                (wanted,) = parse_qs(urlsplit(self.path).query)["external_id"]
                self._say(200, {"segments": [each for each in ours.segments if each["external_id"] == wanted]})

            def _say(self, status: int, value: Any) -> None:
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def northwind() -> Iterator[Northwind]:
    server = Northwind()
    yield server
    server.close()


@pytest.fixture
def deployment(on_redis: Deployment, northwind: Northwind, installed_at: Path) -> Deployment:
    """The service beside which the provider was installed, configured as the page says."""
    (table,) = re.findall(r"^```toml\n(\[northwind\]\n.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    table = table.replace("[northwind]\n", f'[northwind]\nbase_url = "{northwind.url}"\n')
    on_redis.config.write_text(f"{on_redis.config.read_text()}\n{table}")
    on_redis.env |= {"PYTHONPATH": str(installed_at), "NORTHWIND_ACME_KEY": KEY}
    return on_redis


def create(name: str, **other: Any) -> dict[str, Any]:
    payload = {"external_id": name, "name": "Travellers", "rule": "country = NO"}
    job = {"id": name, "provider": "northwind", "account": "acme", "operation": "create_audience", "payload": payload}
    return {**job, **other}


def submit(deployment: Deployment, *jobs: Mapping[str, Any]) -> None:
    lines = "\n".join(map(json.dumps, jobs)).encode()
    Audience(**deployment.env)("submit", "-", stdin=lines).succeeded()


def events(deployment: Deployment, server: RedisServer, count: int) -> dict[str, Any]:
    with server.client() as client:
        found = wait_until(lambda: len(seen := deployment.events(client)) >= count and seen, 30, f"{count} events")
    assert found
    return {event["subject"]: event for event in found}


def test_its_jobs_are_executed_by_a_worker(
    deployment: Deployment, northwind: Northwind, redis_server: RedisServer
) -> None:
    worker = deployment.wait_for_worker(deployment.start_worker())
    submit(deployment, create("travel-7"), create("nobodys", account="nobody"))
    found = events(deployment, redis_server, 2)
    made, refused = found["travel-7"], found["nobodys"]
    assert (made["type"], made["source"]) == ("audience.job.succeeded", "/audience/northwind/acme")
    assert made["data"]["result"]["audience"] == northwind.segments[0]
    assert refused["data"]["error"]["category"] == "unknown_account"
    assert refused["data"]["error"]["message"] == "no account of this name is configured for northwind"
    assert KEY not in worker.text()


def test_its_lost_answer_is_looked_up_and_nothing_is_made_twice(
    deployment: Deployment, northwind: Northwind, redis_server: RedisServer
) -> None:
    deployment.wait_for_worker(deployment.start_worker())
    northwind.loses_an_answer = True
    submit(deployment, create("once"))
    event = events(deployment, redis_server, 1)["once"]
    assert event["type"] == "audience.job.succeeded"
    assert event["data"]["result"]["already_existed"] is False
    assert "a look-up found" in event["data"]["warnings"][0]
    assert len(northwind.segments) == 1


def test_the_command_knows_its_settings_and_its_payloads(deployment: Deployment) -> None:
    audience = Audience(**deployment.env)
    assert "northwind.acme.api_key is in the environment variable NORTHWIND_ACME_KEY" in audience("doctor").out
    both = create("both")
    both["payload"]["list_id"] = "ls-3"
    said = audience("submit", "-", stdin=json.dumps(both).encode()).failed_with(1)
    assert "/payload/list_id: expected not given together with rule: exactly one of the two" in said
    said = audience("submit", "-", stdin=json.dumps(create("x", provider="southwind")).encode()).failed_with(1)
    assert "/provider: expected one of mintegral, northwind, pubmatic" in said


@pytest.mark.parametrize("command", [["workers.cli", "doctor"], ["celery", "-A", "workers.app", "report"]])
def test_a_provider_that_cannot_be_loaded_is_named_in_a_sentence(
    installed_at: Path, tmp_path: Path, command: list[str]
) -> None:
    broken = tmp_path / "site"
    shutil.copytree(installed_at, broken)
    (broken / "audience_northwind" / "__init__.py").write_text("import nothing_of_the_kind\n")
    env = {**os.environ, "PYTHONPATH": str(broken), "AUDIENCE_DATA_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-m", *command], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "the provider northwind cannot be loaded from audience_northwind:PROVIDER" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_the_page_shows_every_file_of_the_provider_as_it_is() -> None:
    shown = dict(re.findall(r"^\*\*`([^`]+)`\*\*.*?^```\w+\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
    cases = SOURCE / "cases" / "northwind"
    files = [SOURCE / "pyproject.toml", *SOURCE.glob("audience_northwind/*.py")]
    files += [cases / "provider.json", cases / "create_audience" / "secrets.json"]
    assert shown == {str(path.relative_to(SOURCE)): path.read_text() for path in files}


def test_what_the_page_offers_for_import_is_there() -> None:
    offered = re.findall(r"^\| `((?:workers|schemas)\.[\w.]+)` \| (.*) \|$", PAGE, re.MULTILINE)
    assert len(offered) == 11
    for module, names in offered:
        for name in re.findall(r"`(\w+)`", names):
            assert hasattr(import_module(module), name), (module, name)


def test_the_page_names_every_outcome_and_every_meaning_of_a_refusal() -> None:
    for outcome in get_args(Outcome):
        assert f"`{outcome.__name__}`" in PAGE
    for means in Means:
        assert f"`Means.{means.name}`" in PAGE
