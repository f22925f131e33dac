"""Does the demo hold what it promises? Every event as expected, in bounded time, and nothing left behind."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from command import COMMAND, Audience
from real import Process, wait_until


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the demo puts its own folder: near the root, for the path of its Unix socket."""
    with tempfile.TemporaryDirectory(prefix="d", dir="/tmp") as name:
        yield Path(name)


def test_the_demo_shows_everything_as_expected_and_leaves_nothing(folder: Path) -> None:
    began = time.monotonic()
    done = Audience(TMPDIR=str(folder))("demo", timeout_s=120).succeeded()
    assert time.monotonic() - began < 90
    for sign in (
        "Redis list", "Redis stream", "Celery", "audience submit", "Python client", "invalid_job",
        "conflicting_duplicate", "the same event again", "is paused for", "a look-up found that",
        "AUD01_0034", "pubmatic/acme/unregistered-base/2", "All 17 events were as expected",
    ):  # fmt: skip
        assert sign in done.out, sign
    assert "\x1b" not in done.out
    assert list(folder.iterdir()) == []


def test_settings_of_a_real_deployment_do_not_reach_the_demo(folder: Path) -> None:
    audience = Audience(TMPDIR=str(folder), AUDIENCE_BROKER_URL="redis://127.0.0.1:1/0", AUDIENCE_INTAKE="no")
    audience("demo", timeout_s=120).succeeded()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_ends_its_processes_and_leaves_nothing(
    folder: Path, tmp_path: Path, number: signal.Signals
) -> None:
    demo = Process([*COMMAND, "demo"], tmp_path / "demo.log", {"TMPDIR": str(folder)})
    wait_until(lambda: "Jobs come in by every way" in demo.text(), 60, "the first act")
    children = psutil.Process(demo.popen.pid).children(recursive=True)
    assert len(children) >= 3
    demo.popen.send_signal(number)
    assert demo.popen.wait(40) == 130
    assert "Traceback" not in demo.text()
    wait_until(lambda: not any(child.is_running() for child in children), what="all its processes to end")
    assert list(folder.iterdir()) == []


def test_a_demo_that_fails_says_what_differed_and_keeps_the_logs(folder: Path, tmp_path: Path) -> None:
    demo = Process([*COMMAND, "demo"], tmp_path / "demo.log", {"TMPDIR": str(folder)})
    wait_until(lambda: "Jobs come in by every way" in demo.text(), 60, "the first act")
    children = psutil.Process(demo.popen.pid).children()
    worker = next(child for child in children if child.cmdline()[-2:] == ["workers.cli", "worker"])
    os.kill(worker.pid, signal.SIGKILL)
    assert demo.popen.wait(90) == 1
    (left,) = folder.iterdir()
    assert "The worker ended with code -9" in demo.text()
    assert str(left / "worker.log") in demo.text()
    assert (left / "worker.log").exists()
