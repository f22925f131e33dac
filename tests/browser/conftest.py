"""Which browser do the tests use? Debian's Chromium, driven by playwright. A test fails by what its console says."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flower_server import FlowerServer
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from real import Deployment, missing

WITHIN_MS = 15_000
expect.set_options(timeout=WITHIN_MS)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One for each module: while playwright runs, no test of another room could run an event loop of its own."""
    found = shutil.which("chromium")
    if found is None:
        missing("chromium")
    with sync_playwright() as playwright:
        # Its own sandbox needs rights that a container has not; the pages are ours.
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--no-proxy-server"])
        yield browser
        browser.close()


@pytest.fixture
def flower(tmp_path: Path, on_redis: Deployment) -> Iterator[FlowerServer]:
    server = FlowerServer(tmp_path, on_redis.env)
    yield server
    server.close()


@pytest.fixture
def page(chromium: Browser, flower: FlowerServer) -> Iterator[Page]:
    """A page of a fresh browser at Flower."""
    context = chromium.new_context(base_url=flower.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(WITHIN_MS)
    page = context.new_page()
    complaints: list[str] = []
    elsewhere: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if _is_a_fault(message) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith(flower.url) else elsewhere.append(asked.url))
    yield page
    context.close()
    assert not complaints
    assert not elsewhere


def _is_a_fault(message: ConsoleMessage) -> bool:
    """Pages that refuse something are answered with 4xx, which Chromium tells there, too."""
    return message.type == "error" and not message.text.startswith("Failed to load resource: the server responded with")
