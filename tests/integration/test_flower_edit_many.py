"""Is a whole kind mended in Flower as `audience dead edit --merge` mends it? Seen by plain HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from command import Audience, as_json, example
from dead import die, refuse
from flower_server import FlowerServer
from real import RedisServer, wait_until

from workers.bootstrap import Endpoints, Service
from workers.settings import Settings

JOB = example("pubmatic-create-simple")
MANY = "/audience/dead/many"
KIND = {"provider": "pubmatic", "category": "rejected_by_provider"}
MERGE = '{\n  "name": "canary-name",\n  "description": null\n}'


@pytest.fixture
def env(redis_server: RedisServer, tmp_path: Path) -> dict[str, str]:
    config = tmp_path / "audience.toml"
    config.write_text('[pubmatic.accounts.acme]\naccess_token = { env = "P" }')
    return {"AUDIENCE_BROKER_URL": redis_server.url, "AUDIENCE_CONFIG": str(config), "P": "token"}


@pytest.fixture
def flower(tmp_path: Path, env: dict[str, str]) -> Iterator[httpx.Client]:
    server = FlowerServer(tmp_path, env)
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client:
        yield client
    server.close()


def ask(flower: httpx.Client, merge: str = MERGE, **more: str) -> httpx.Response:
    """What the page's form sends; ``step``: which of its buttons, "" for the one that begins."""
    flower.get(MANY, params={"does": "edit", **KIND})
    fields = {"does": "edit", **KIND, "merge": merge, "_xsrf": flower.cookies["_xsrf"], **more}
    return flower.post(MANY, data=fields)


def said(answer: httpx.Response) -> str:
    """The words of a page, without what its form would send again."""
    page = re.sub(r"<textarea.*?</textarea>|<input[^>]*>", "", answer.text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def ended(flower: httpx.Client, begun: httpx.Response, state: str = "done") -> str:
    """The page of an order that has ended."""
    assert begun.status_code == 303, begun.text
    url = begun.headers["Location"]
    return wait_until(lambda: said(page) if f"state-{state}" in (page := flower.get(url)).text else "", 60, state)


def audit(env: dict[str, str]) -> list[Any]:
    return [(line["action"], line["target"], line["detail"]) for line in Audience(**env)("audit", "--json").lines]


def letters(redis_server: RedisServer) -> dict[str, dict[bytes, bytes]]:
    with redis_server.client() as client:
        keys = client.keys("audience:{pubmatic}:dead:acme/*")
        return {key.decode().split("/")[1]: client.hgetall(key) for key in keys}  # type: ignore[union-attr, misc]


@pytest.fixture
def died(redis_server: RedisServer) -> None:
    """Two that can be mended, one that has the name already, one of another kind, and one whose outcome is unknown."""
    with redis_server.client() as client:
        for number in range(2):
            die(client, JOB | {"id": f"job-{number}"})
        mended = {name: value for name, value in JOB["payload"].items() if name != "description"}
        die(client, JOB | {"id": "mended", "payload": mended | {"name": "canary-name"}})
        die(client, JOB | {"id": "other"}, category="auth")
        die(client, JOB | {"id": "lost"}, category="outcome_unknown")


@pytest.mark.usefixtures("died")
def test_a_preview_names_fields_and_reasons_and_no_value_and_does_nothing(
    flower: httpx.Client, env: dict[str, str], redis_server: RedisServer
) -> None:
    before = letters(redis_server)
    answer = ask(flower, step="look", category="")
    text = said(answer)
    assert "Match 5 Looked at 5 Of these would be edited 3 Would be kept 2" in text
    assert "1 that is what it holds already" in text
    assert "1 its create or change may have been applied" in text
    assert "pubmatic/acme/job-0/1 edited at /name, /description" in text
    assert "canary-name" not in text
    assert JOB["payload"]["name"] not in text
    assert MERGE in unescape(answer.text)
    assert (letters(redis_server), audit(env)) == (before, [])


@pytest.mark.usefixtures("died")
def test_an_order_edits_what_the_command_would_and_leaves_its_lines_in_the_audit(
    flower: httpx.Client, env: dict[str, str], redis_server: RedisServer
) -> None:
    text = ended(flower, ask(flower))
    assert "Edited 2 Kept 1" in text
    assert "field: /name field: /description" in text
    kept = letters(redis_server)
    assert {name for name, fields in kept.items() if b"edits" in fields} == {"job-0", "job-1"}
    (line,) = kept["job-0"][b"edits"].splitlines()
    edit = json.loads(line)
    assert (edit["who"].partition("@")[0], edit["changed"]) == ("unauthenticated", ["/name", "/description"])
    assert (edit["new"]["name"], "description" in edit["new"]) == ("canary-name", False)
    by_page = audit(env)
    filter_ = [word for name, value in KIND.items() for word in (f"--{name}", value)]
    Audience(**env)("dead", "edit", *filter_, "--merge", '{"description": "x", "name": "other"}').succeeded()
    begun, done = audit(env)[len(by_page) :]
    about = {"filter": KIND, "changed": ["/name", "/description"]}
    assert by_page == [
        ("edit", "pubmatic/*", about | {"begun": True}),
        ("edit", "pubmatic/*", about | {"done": 2, "kept": 1}),
    ]
    assert (begun[1], begun[2].keys(), done[2].keys()) == ("pubmatic/*", by_page[0][2].keys(), by_page[1][2].keys())


@pytest.mark.usefixtures("died")
def test_an_unknown_outcome_is_kept_whatever_a_form_says(flower: httpx.Client, redis_server: RedisServer) -> None:
    assert "Edited 0 Kept 1" in ended(flower, ask(flower, category="outcome_unknown", force="yes"))
    assert b"edits" not in letters(redis_server)["lost"]


@pytest.mark.usefixtures("died")
def test_what_makes_no_valid_job_is_kept_with_its_place(flower: httpx.Client, redis_server: RedisServer) -> None:
    text = said(ask(flower, '{"price": "canary-dear"}', step="look"))
    assert "3 it would be no valid job; expected at /price" in text
    assert "canary" not in text
    assert "Edit 3" not in text  # the button: nothing would be done
    assert not any(b"edits" in fields for fields in letters(redis_server).values())


def test_a_link_to_a_kind_means_it_and_no_other_one(
    flower: httpx.Client, env: dict[str, str], redis_server: RedisServer
) -> None:
    here = Service(Settings(config=Path(env["AUDIENCE_CONFIG"])), Endpoints(redis_server.url, redis_server.url))
    ids = [refuse(here, b"{}"), refuse(here, as_json(JOB | {"priority": "canary"}))]
    ids += [die(here.redis, JOB | {"id": f"job-{code}"}, "auth", provider_code=code) for code in (None, "401", "403")]
    pages = ["/audience/dead", "/audience/dead?newer_than=1h", *(f"/audience/dead/letter?id={each}" for each in ids)]
    found = [re.findall(r'href="([^"]+does=edit[^"]+)"', flower.get(page).text) for page in pages]
    links = [{unescape(link) for link in each if "category=" in link} for each in found]
    assert [len(each) for each in links] == [5, 5, 1, 1, 1, 1, 1]
    assert set.union(*links[2:]) == links[0]
    assert all("newer_than=1h" in link for link in links[1])
    for link in links[0] | links[1]:
        assert " 1 dead letter. " in said(flower.get(link)), link
    (unread,) = links[2]
    flower.get(unread)
    fields = dict(httpx.URL(unread).params) | {"does": "discard", "reason": "none", "_xsrf": flower.cookies["_xsrf"]}
    assert "Discarded 1" in ended(flower, flower.post(MANY, data=fields))
    assert audit(env)[-1][2]["filter"] == {
        "category": "invalid_job", "without": ["provider", "account", "operation", "provider_code"],
    }  # fmt: skip


def test_a_part_that_no_kind_has_is_said(flower: httpx.Client) -> None:
    answer = flower.get(MANY, params={"does": "replay", "without": "account code"})
    assert answer.status_code == 400
    assert "no “code” to have none of" in said(answer)


@pytest.mark.parametrize("step", ["look", ""])
@pytest.mark.parametrize(
    ("merge", "says"),
    [
        ("", "one JSON object, not an empty message"),
        ('{"price": ', "JSON; it stops being so at line 1"),
        ("[]", "it is no JSON object with a field"),
        ('{"price": "2", "price": "3"}', "expected at /price: this key once in its object"),
        ('{"file": "https://b.example/a.csv?[hidden]"}', "write that URL whole"),
    ],
    ids=["nothing", "cut off", "array", "twice", "hidden"],
)
@pytest.mark.usefixtures("died")
def test_what_cannot_be_merged_is_asked_for_once_more(
    flower: httpx.Client, env: dict[str, str], merge: str, says: str, step: str
) -> None:
    answer = ask(flower, merge, step=step)
    assert answer.status_code == 400
    assert says in said(answer)
    assert f">{merge.strip()}</textarea>" in unescape(answer.text)
    assert audit(env) == []


@pytest.mark.usefixtures("died")
def test_the_fields_are_changed_before_anything_is_done(flower: httpx.Client, env: dict[str, str]) -> None:
    answer = ask(flower, step="change")
    assert answer.status_code == 200
    assert f">{MERGE}</textarea>" in unescape(answer.text)
    assert "readonly" not in answer.text
    assert audit(env) == []


def test_an_order_to_a_kind_is_stopped_and_the_same_one_goes_on(
    flower: httpx.Client, env: dict[str, str], redis_server: RedisServer
) -> None:
    with redis_server.client() as client:
        for number in range(1250):
            die(client, JOB | {"id": f"job-{number}"})
    assert "Match 1,250 Looked at, the newest 1,000 Of these would be edited 1,000" in said(ask(flower, step="look"))
    begun = ask(flower)
    url = begun.headers["Location"]
    wait_until(lambda: re.search(r"Edited [1-9]", said(flower.get(url))), what="the first edits")
    flower.post(url.partition("?")[0], data={"id": url.partition("id=")[2], "_xsrf": flower.cookies["_xsrf"]})
    ended(flower, begun, "stopped")
    done = sum(b"edits" in fields for fields in letters(redis_server).values())
    assert 0 < done < 1250
    assert audit(env)[-1][2] == {
        "filter": KIND, "changed": ["/name", "/description"], "done": done, "kept": 0, "stopped": True,
    }  # fmt: skip
    text = ended(flower, ask(flower))
    assert f"Edited {1250 - done:,} Kept {done:,}" in text
    replay = re.search(r'href="([^"]+does=replay[^"]+)"', flower.get(url).text)
    assert replay is not None
    assert "Match 1,250" in said(flower.get(unescape(replay[1])))
