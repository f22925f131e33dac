"""Can an operator see the lanes in Flower, hold one, and let it go?"""

from __future__ import annotations

import redis
from command import example
from playwright.sync_api import Page, expect
from real import Deployment, RedisServer, wait_until

from audience_client import Producer


def submit(deployment: Deployment, *ids: str) -> None:
    with Producer(deployment.broker_url) as producer:
        for id_ in ids:
            job = example("pubmatic-create-simple", id=id_)
            producer.submit(job | {"payload": job["payload"] | {"name": id_, "providerAudienceId": id_}})


def waiting(client: redis.Redis) -> int:
    return int(client.hget("audience:{pubmatic}:lane:acme", "waiting") or 0)  # type: ignore[arg-type]


def test_an_operator_pauses_a_lane_sees_it_stop_and_resumes_it(
    page: Page, on_redis: Deployment, redis_server: RedisServer
) -> None:
    on_redis.wait_for_worker(on_redis.start_worker())
    page.goto("/")
    page.get_by_role("navigation").get_by_role("link", name="Lanes").click()
    page.get_by_role("link", name="pubmatic/acme").click()
    page.get_by_label("For how long").fill("2h")
    page.get_by_label("Why").fill("their <maintenance>")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status")).to_contain_text("pubmatic/acme is paused for 2h.")
    expect(page.get_by_text("their <maintenance>")).to_be_visible()

    with redis_server.client() as client:
        submit(on_redis, "one", "two")
        wait_until(lambda: waiting(client) == 2, what="two jobs that wait")
        page.goto("/audience/lanes")
        lane = page.get_by_role("row", name="pubmatic/acme")
        expect(lane).to_contain_text("paused")
        expect(lane.get_by_role("cell").nth(1)).to_have_text("2")
        assert on_redis.events(client) == []

        lane.get_by_role("link").click()
        page.get_by_role("button", name="Resume").click()
        expect(page.get_by_role("status")).to_contain_text("pubmatic/acme is resumed.")
        wait_until(lambda: len(on_redis.events(client)) == 2, what="both events")
        expect(page.locator("#state")).to_contain_text("idle")  # by itself: the page keeps up


def test_a_time_that_is_none_is_refused_in_a_sentence(page: Page) -> None:
    page.goto("/audience/lane?provider=pubmatic&account=acme")
    page.get_by_label("For how long").fill("soon")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("alert")).to_contain_text("a time is written like 90s, 30min, 1h, 2d or 1w")
