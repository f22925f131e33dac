"""What does a viewer see, and whose name does the audit keep? In a browser that logs in as Flower asks."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from flower_server import FlowerServer
from playwright.sync_api import Browser, Page, expect
from real import Deployment, wait_until

LANE = "/audience/lane?provider=pubmatic&account=acme"


def logged_in(chromium: Browser, url: str, name: str, password: str) -> Page:
    return chromium.new_context(base_url=url, http_credentials={"username": name, "password": password}).new_page()


def shows(page: Page, url: str) -> bool:
    answer = page.goto(url)
    return answer is not None and answer.ok


def test_a_viewer_has_no_buttons_and_an_operators_name_is_in_the_audit(
    chromium: Browser, on_redis: Deployment, tmp_path: Path
) -> None:
    roles = {"FLOWER_BASIC_AUTH": "ann:a-word,vic:v-word", "AUDIENCE_OPERATORS": "ann"}
    on_redis.wait_for_worker(on_redis.start_worker())
    server = FlowerServer(tmp_path, {**on_redis.env, **roles})
    try:
        viewer = logged_in(chromium, server.url, "vic", "v-word")
        viewer.goto(LANE)
        expect(viewer.get_by_text("vic may look, and not act")).to_be_visible()
        expect(viewer.locator("#main-content").get_by_role("button")).to_have_count(0)

        operator = logged_in(chromium, server.url, "ann", "a-word")
        for person, sees in ((viewer, 0), (operator, 1)):  # Flower's own controls
            wait_until(partial(shows, person, "/worker/w0@test"), what="a worker that Flower knows")
            expect(person.get_by_role("button", name="Actions")).to_have_count(sees)
        operator.goto(LANE)
        operator.get_by_role("button", name="Pause").click()
        expect(operator.get_by_role("status")).to_contain_text("paused until it is resumed")
        operator.goto("/audience/audit")
        expect(operator.get_by_role("row", name="pause")).to_contain_text("ann")
        viewer.context.close()
        operator.context.close()
    finally:
        server.close()
