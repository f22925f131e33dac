"""How do Flower's pages look? Writes docs/screenshots anew, light and dark, from a service on a bad day."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from command import Audience, as_json, example
from dead import die, refuse
from flower_server import FlowerServer
from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from real import Deployment, RedisServer, Sandbox, binaries, wait_until

from audience_client import Producer
from workers.bootstrap import Endpoints, Service
from workers.lanes.keys import partition
from workers.lanes.scripts import shared
from workers.settings import Settings

TO = Path(__file__).parents[2] / "docs" / "screenshots"
COLOURS = 256  # so that a picture is some 40 KB

KINDS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("unavailable", "acme", "The provider answered 503 to each of 8 tries.", {"provider_code": "503"}),
    ("auth", "globex", "The provider refused the access token.", {"provider_code": "401"}),
    ("outcome_unknown", "acme", "The answer to the create was lost, and no look-up could tell.", {"provider_code": ""}),
    ("rejected_by_provider", "initech", "Query validation failed.", {"provider_code": "AUD01_0034"}),
)
OUTCOMES = {"unavailable": "Unavailable", "auth": "AuthFailed", "outcome_unknown": "Unknown"}
HOW_MANY = (190, 120, 60, 30)

AGED = """
redis.call('HSET', dead_key(ARGV[1]), 'died_at', ARGV[2], 'history', ARGV[3])
list_dead(ARGV[1], number(ARGV[2]))
"""

PAGES = {
    "lanes": "/audience/lanes",
    "lane": "/audience/lane?provider=pubmatic&account=acme",
    "dead-letters": "/audience/dead",
    "dead-letter": "/audience/dead/letter?id=pubmatic/initech/rejected_by_provider-7/1",
    "replay": "/audience/dead/many?does=replay&category=unavailable",
    "jobs": "/audience/jobs?text=spring",
}


def main() -> None:
    with bad_day() as flower, sync_playwright() as playwright:
        args = ["--no-sandbox", "--no-proxy-server"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=args)
        TO.mkdir(exist_ok=True)
        for scheme in ("light", "dark"):
            pictures(browser, flower.url, scheme)
        browser.close()


def pictures(browser: Browser, url: str, scheme: Any) -> None:
    context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 860}, color_scheme=scheme)
    page = context.new_page()

    def shoot(name: str) -> None:
        file = TO / f"{name}-{scheme}.png"
        page.mouse.move(0, 0)
        page.screenshot(path=file)
        with Image.open(file) as picture:
            picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)

    for name, path in PAGES.items():
        page.goto(path)
        shoot(name)
    page.goto("/audience/dead/many?does=edit&category=rejected_by_provider")
    page.get_by_label("A JSON object").fill('{\n  "definition": "Male AND AGE < 24"\n}')
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("The first that would be edited").wait_for()
    shoot("edit")
    page.goto("/audience/dead/many?does=replay&category=auth")
    page.get_by_label("At most").fill("3/s")
    page.get_by_role("button", name="Replay").click()
    wait_until(lambda: "4" in page.locator(".metric-card-success .metric-value").inner_text(), what="four replays")
    shoot("order")
    page.get_by_role("button", name="Stop").click()
    page.goto("/audience/audit")
    shoot("audit")
    page.goto("/audience/jobs?text=spring-0&state=succeeded")
    tried_twice = page.get_by_role("row").filter(has=page.get_by_role("cell").nth(4).get_by_text("2", exact=True))
    tried_twice.first.get_by_role("link").first.click()
    shoot("job")
    context.close()


@contextmanager
def bad_day() -> Iterator[FlowerServer]:
    """Four kinds of dead letters, a lane on hold, one whose breaker is open, and live jobs."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(closing(RedisServer(dict(binaries())["valkey"])))
        sandbox = stack.enter_context(closing(Sandbox(folder)))
        limits = 'limits = ["5/s", "10000/day burst 10000"]'
        on = stack.enter_context(closing(Deployment(folder, sandbox, server.url, server.url, limits)))
        on.env["P_globex"] = "a-wrong-token"
        sandbox.fault(action="answer", provider="pubmatic", times=2, status=503)
        plant(server, on)
        flower = stack.enter_context(closing(FlowerServer(folder, on.env)))
        on.wait_for_worker(on.start_worker())
        Audience(**on.env)(
            "lanes", "pause", "mintegral", "globex", "--for", "2h", "--reason", "their maintenance"
        ).succeeded()
        for turn in range(12):
            submit(on, turn)
            time.sleep(5)  # a course over time needs its time
        yield flower


def plant(server: RedisServer, on: Deployment) -> None:
    dice = random.Random(1)
    with server.client() as client:
        aged = client.register_script(shared() + AGED)
        for (category, account, message, more), many in zip(KINDS, HOW_MANY, strict=True):
            for number in range(many):
                job = named(f"{category}-{number}", account)
                die(client, job, category=category, message=message, **more)
                at = time.time() - dice.uniform(300, 3600)
                name = f"{account}/{job['id']}/1"
                aged(
                    keys=[partition("pubmatic")],
                    args=[name, round(at * 1e6), history(OUTCOMES.get(category, "Rejected"), at, message)],
                )
        client.delete("audience:{pubmatic}:outbox")
        service = Service(Settings(config=on.config), Endpoints(server.url, server.url))
        refuse(service, as_json(named("spring-0", "acme") | {"operation": "make_audience"}))


def history(outcome: str, at: float, message: str) -> str:
    lines = [
        {"run": 1, "number": number, "started_at": at - 300 / number, "ended_at": at - 300 / number + 1.2,
         "outcome": outcome, "requests": 1, "provider_code": None, "http_status": None, "message": message}
        for number in range(1, 4 if outcome == "Unavailable" else 2)
    ]  # fmt: skip
    return "\n".join(map(json.dumps, lines))


def named(id_: str, account: str) -> dict[str, Any]:
    whole = example("pubmatic-create-simple", id=id_, account=account)
    return whole | {"payload": whole["payload"] | {"name": f"Spring {id_}", "providerAudienceId": id_}}


def submit(on: Deployment, turn: int) -> None:
    """More than the limit lets go at first, then less."""
    dice = random.Random(turn)
    with Producer(on.broker_url) as producer:
        for number in range(60 if turn < 4 else dice.randrange(20, 45)):
            account = dice.choice(("acme", "acme", "acme", "initech", "globex"))
            producer.submit(named(f"spring-{turn}-{number}", account))


if __name__ == "__main__":
    main()
