"""Does the site of the documents work in a browser, with nothing from elsewhere? Pages, menus, search."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

ROOT = Path(__file__).parents[2]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    subprocess.run([sys.executable, str(ROOT / "docs" / "site.py")], capture_output=True, timeout=120, check=True)
    handler = partial(Quiet, directory=ROOT / "dist" / "site")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_reader_finds_a_page_by_menu_and_by_search(chromium: Browser, site: str) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{site}/index.html")
    page.get_by_role("link", name="Runbook of the alerts").click()
    expect(page.locator("h1")).to_contain_text("Runbook")
    page.get_by_role("textbox", name="Search").fill("AUDIENCE_FILES_PRIVATE_HOSTS")
    page.locator(".md-search-result__link").first.click()
    expect(page).to_have_url(re.compile(r"/docs/s\w+\.html"))
    context.close()
    assert [url for url in asked if not url.startswith((site, "data:", "blob:"))] == []
    assert complaints == []
