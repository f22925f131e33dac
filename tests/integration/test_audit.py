"""Does `make audit` tell a known weakness from a service that says nothing? The real pip-audit, our own service."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from real import free_port

ROOT = Path(__file__).parents[2]
FLAWED = "jinja2"


class Advisories(BaseHTTPRequestHandler):
    """An advisory service that speaks OSV's protocol and knows of one weakness."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        package = asked["package"]
        ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}]
        flaw = {"id": "TEST-1", "summary": "a flaw", "affected": [{"package": package, "ranges": ranges}]}
        body = json.dumps({"vulns": [flaw]} if package["name"] == self.server.flawed else {}).encode()  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def advisories() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Advisories) as server:
        server.flawed = ""  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def audit(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ".ci/audit.py", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def asks(server: ThreadingHTTPServer) -> tuple[str, ...]:
    return "-s", "osv", "--osv-url", f"http://127.0.0.1:{server.server_port}/v1/query"


def test_a_lock_without_a_known_weakness_passes_and_every_package_was_asked_for(
    advisories: ThreadingHTTPServer,
) -> None:
    done = audit(*asks(advisories))
    assert done.returncode == 0, done.stderr
    named = sum(line[0].isalnum() for line in (ROOT / "requirements-dev.lock").read_text().splitlines() if line)
    sbom, said = done.stdout.splitlines()
    assert sbom == f"{named} packages in dist/sbom.cdx.json"
    assert said.endswith("packages audited, 0 weaknesses known")
    assert int(said.split()[0]) > named * 0.9, "all but those of other systems and Pythons"


def test_a_known_weakness_fails_it_and_is_named(advisories: ThreadingHTTPServer) -> None:
    advisories.flawed = FLAWED  # type: ignore[attr-defined]
    done = audit(*asks(advisories))
    assert done.returncode == 1
    assert f"{FLAWED} " in done.stdout
    assert "TEST-1, mended in 99.1" in done.stdout


def test_a_service_that_is_out_of_reach_is_said_and_fails_nothing() -> None:
    done = audit("-s", "osv", "--osv-url", f"http://127.0.0.1:{free_port()}/v1/query")
    assert done.returncode == 0, done.stderr
    assert "NOT audited: the advisory service is out of reach" in done.stdout


def test_a_service_that_knows_none_of_the_packages_is_not_taken_for_a_clean_bill() -> None:
    verdict = runpy.run_path(str(ROOT / ".ci" / "audit.py"))["verdict"]
    said, weak = verdict([{"name": "celery", "skip_reason": "Dependency not found on PyPI"}])
    assert (said.partition(":")[0], weak) == ("NOT audited", False)


def test_what_is_wrong_with_the_audit_itself_fails_it() -> None:
    done = audit("--no-such-option")
    assert done.returncode != 0
    assert "pip-audit could not be run" in done.stderr


def test_the_sbom_names_each_package_with_its_hashes() -> None:
    audit("--no-such-option")
    components = json.loads((ROOT / "dist" / "sbom.cdx.json").read_text())["components"]
    celery = next(each for each in components if each["name"] == "celery")
    assert celery["purl"] == f"pkg:pypi/celery@{celery['version']}"
    assert celery["externalReferences"][0]["hashes"][0]["alg"] == "SHA-256"
