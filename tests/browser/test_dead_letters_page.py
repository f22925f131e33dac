"""Can an operator on a bad day find what died, mend it, and put it back to work, all in Flower?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from command import Audience, example
from dead import die, fail
from flower_server import FlowerServer
from playwright.sync_api import Locator, Page, expect
from real import Deployment, RedisServer, Sandbox, wait_until


@pytest.fixture(autouse=True)
def died(redis_server: RedisServer) -> None:
    """Thirty that a wrong token killed, and one whose payload is wrong."""
    with redis_server.client() as client:
        for number in range(30):
            die(client, job(f"order-{number}"), category="auth", message="Unauthorized.", provider_code="401")
        die(client, job("order-bad"), message="The name is taken.")
        client.delete("audience:{pubmatic}:outbox")  # the events of jobs that never ran


def job(id_: str) -> dict[str, Any]:
    whole = example("pubmatic-create-simple", id=id_)
    return whole | {"payload": whole["payload"] | {"name": f"Name of {id_}", "providerAudienceId": id_}}


def test_an_operator_finds_a_group_edits_one_replays_it_and_sees_it_succeed(
    page: Page, on_redis: Deployment, sandbox: Sandbox
) -> None:
    on_redis.wait_for_worker(on_redis.start_worker())
    page.goto("/audience/dead")
    expect(page.get_by_text("31 dead letters of 2 kinds")).to_be_visible()
    page.get_by_role("link", name="rejected_by_provider").click()
    page.get_by_role("link", name="pubmatic/acme/order-bad/1").click()
    expect(page.get_by_text("The provider said no: nothing was applied.")).to_be_visible()
    payload = page.get_by_label("The payload, as JSON")
    right = payload.input_value()
    payload.fill(right.replace('"Name of order-bad"', "17"))
    page.get_by_role("button", name="Save the edit").click()
    expect(page.get_by_role("alert")).to_contain_text("at /name")
    payload.fill(right.replace("Name of order-bad", "Mended name"))
    page.get_by_role("button", name="Save the edit").click()
    expect(page.get_by_role("status")).to_contain_text("Edited at /name.")
    page.get_by_text("Replay…").click()
    page.get_by_role("button", name="Replay as run 2").click()
    expect(page.get_by_role("status")).to_contain_text("Replayed as run 2.")
    expect(page.locator("#job").get_by_text("succeeded").first).to_be_visible()  # by itself: the page keeps up
    timeline = page.get_by_role("list").filter(has=page.get_by_text("replayed as run 2")).get_by_role("listitem")
    expect(timeline).to_contain_text(["run 1, attempt 1", "replayed as run 2", "run 2, attempt 1", "succeeded"])
    assert [each["name"] for each in sandbox.audiences()["audiences"]] == ["Mended name"]


def test_an_operator_mends_a_whole_kind_by_the_keyboard_replays_it_and_sees_it_succeed(
    page: Page, on_redis: Deployment, redis_server: RedisServer, sandbox: Sandbox
) -> None:
    with redis_server.client() as client:
        for number in range(3):
            die(client, job(f"order-wrong-{number}"), message="The name is taken.")
        client.delete("audience:{pubmatic}:outbox")
    on_redis.wait_for_worker(on_redis.start_worker())
    page.goto("/audience/dead")
    press(page, page.get_by_role("row", name="rejected_by_provider").get_by_role("link", name="Edit…"))
    expect(page.get_by_text("4 dead letters.")).to_be_visible()
    page.get_by_label("A JSON object").focus()
    page.keyboard.type('{"description": "mended", ')
    press(page, page.get_by_role("button", name="Preview"))
    expect(page.get_by_role("alert")).to_contain_text("it stops being so at line 1")
    assert Axe().run(page, context="#main-content").violations_count == 0
    page.get_by_label("A JSON object").focus()
    page.keyboard.press("End")
    page.keyboard.type(' "price": "dear"}')
    press(page, page.get_by_role("button", name="Preview"))
    expect(page.get_by_role("region", name="Kept")).to_contain_text("expected at /price")
    expect(page.get_by_role("button", name="Edit 4")).to_have_count(0)
    press(page, page.get_by_role("button", name="Change the fields"))
    page.get_by_label("A JSON object").fill('{"description": "mended"}')
    press(page, page.get_by_role("button", name="Preview"))
    expect(page.get_by_role("row", name="order-wrong-2/1")).to_contain_text("edited at /description")
    assert Axe().run(page, context="#main-content").violations_count == 0
    press(page, page.get_by_role("button", name="Edit 4"))
    expect(page.get_by_text("done", exact=True)).to_be_visible()
    press(page, page.get_by_role("link", name="Replay them…"))
    press(page, page.get_by_role("button", name="Replay 4"))
    with redis_server.client() as client:
        wait_until(lambda: len(on_redis.events(client)) == 4, what="an event of each")
    assert {each["audience"]["description"] for each in sandbox.audiences()["audiences"]} == {"mended"}
    page.get_by_role("navigation").get_by_role("link", name="Audit").click()
    expect(page.get_by_role("row", name="edit").first).to_contain_text("changed: /description done: 4 kept: 0")


def press(page: Page, what: Locator) -> None:
    """As one does without a mouse."""
    what.focus()
    page.keyboard.press("Enter")


def test_a_replay_of_many_shows_a_preview_runs_at_its_rate_and_is_stopped(
    page: Page, on_redis: Deployment, redis_server: RedisServer
) -> None:
    page.goto("/audience/dead?category=auth")
    page.get_by_role("row", name="auth · 401").get_by_role("link", name="Replay…").click()
    expect(page.get_by_role("heading", name="Replay: a preview")).to_be_visible()
    page.get_by_label("At most").fill("fast")
    page.get_by_role("button", name="Replay 30").click()
    expect(page.get_by_role("alert")).to_contain_text("a rate is written like 5/s")
    page.go_back()
    page.get_by_label("At most").fill("2/s")
    page.get_by_role("button", name="Replay 30").click()
    expect(page.get_by_text("running")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("stopped", exact=True)).to_be_visible()
    with redis_server.client() as client:
        left = client.zcard("audience:{pubmatic}:dead")
    assert 1 < left < 31
    last = Audience(**on_redis.env)("audit", "--json", "--limit", "1").succeeded().lines[0]
    assert last["detail"] == {
        "filter": {"provider": "pubmatic", "account": "acme", "operation": "create_audience", "category": "auth",
                   "provider_code": "401"},
        "rate": "2/s", "done": 31 - left, "kept": 0, "stopped": True,
    }  # fmt: skip
    page.goto("/audience/dead")
    expect(page.get_by_role("region", name="Orders")).to_contain_text("stopped")
    page.get_by_role("navigation").get_by_role("link", name="Audit").click()
    expect(page.get_by_role("row", name="replay").first).to_contain_text("stopped: yes")


def test_what_dies_again_is_one_step_away_from_the_order(page: Page, redis_server: RedisServer) -> None:
    page.goto("/audience/dead/many?does=replay&category=rejected_by_provider")
    page.get_by_role("button", name="Replay 1").click()
    expect(page.get_by_text("done", exact=True)).to_be_visible()
    with redis_server.client() as client:
        fail(client, job("order-bad"), category="auth")
    page.get_by_role("link", name="those since this order began").click()
    expect(page.get_by_text("pubmatic/acme/order-bad/2")).to_be_visible()


def test_a_request_that_was_sent_has_the_width_of_the_table(page: Page, redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.hset("audience:{pubmatic}:dead:acme/order-bad/1", "history", json.dumps(LINE))
    page.goto("/audience/dead/letter?id=pubmatic/acme/order-bad/1")
    table = page.get_by_role("table").bounding_box()
    request = page.get_by_role("group").filter(has_text="no whole answer").bounding_box()
    assert table is not None
    assert request is not None
    assert request["width"] > 0.9 * table["width"]


LINE = {
    "run": 1, "number": 1, "started_at": 1.5, "ended_at": 2.25, "outcome": "Unknown", "requests": 1,
    "exchanges": [{"method": "GET", "url": "http://p/v1?" + "a=1&" * 40, "status": None, "body": "", "answer": ""}],
}  # fmt: skip


def test_one_is_discarded_with_a_reason_by_the_keyboard_alone(page: Page, redis_server: RedisServer) -> None:
    page.goto("/audience/dead/letter?id=pubmatic/acme/order-7/1")
    page.get_by_text("Discard…").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("the shop sent it again")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("pubmatic/acme/order-7/1 is discarded.")
    with redis_server.client() as client:
        assert not client.exists("audience:{pubmatic}:dead:acme/order-7/1")


def test_a_job_is_found_by_a_part_of_its_id_and_by_what_it_asks_for(page: Page, on_redis: Deployment) -> None:
    Audience(**on_redis.env)("lanes", "pause", "pubmatic", "acme", "--reason", "held").succeeded()
    Audience(**on_redis.env)("dead", "replay", "pubmatic/acme/order-3/1").succeeded()
    for text in ("rder-3", "name of ORDER-3"):
        page.goto("/audience/jobs")
        page.get_by_label("Id or text").fill(text)
        page.get_by_label("State").select_option("waiting")
        page.get_by_role("button", name="Find").click()
        page.get_by_role("link", name="order-3", exact=True).click()
        expect(page.locator("#job")).to_contain_text("the lane is paused by")
    page.get_by_label("Why").fill("not wanted")
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.get_by_role("status")).to_contain_text("Cancelled")


PAGES = (
    "/audience/lanes", "/audience/lane?provider=pubmatic&account=acme", "/audience/dead",
    "/audience/dead/letter?id=pubmatic/acme/order-7/1", "/audience/dead/many?does=discard&category=auth",
    "/audience/dead/many?does=edit&category=auth", "/audience/audit", "/audience/jobs?state=failed",
    "/audience/job?provider=pubmatic&account=acme&id=order-7",
)  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_what_is_ours(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    wrong = {}
    for each in PAGES:
        page.goto(each)
        found = Axe().run(page, context="#main-content")
        if found.violations_count:
            wrong[each] = found.generate_report()
    assert not wrong


def test_a_page_reads_well_on_a_telephone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    for each in PAGES:
        page.goto(each)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, each


def test_flower_that_ends_leaves_the_rest_of_an_order_and_its_line_in_the_audit(
    page: Page, flower: FlowerServer, on_redis: Deployment
) -> None:
    page.goto("/audience/dead/many?does=replay&category=auth")
    page.get_by_label("At most").fill("1/s")
    page.get_by_role("button", name="Replay 30").click()
    expect(page.get_by_text("running")).to_be_visible()
    assert flower.process.stop() == 0
    audience = Audience(**on_redis.env)
    last = wait_until(lambda: audience("audit", "--json", "--limit", "1").succeeded().lines[0], what="a line")
    assert last["detail"]["stopped"] is True
    assert last["detail"]["done"] >= 1
