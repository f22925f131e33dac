"""What a person sees of the ledger in a browser."""

import json
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from sandbox.credentials import PUBMATIC_TOKENS
from sandbox.ledger import Ledger
from sandbox.page import PAGE_ENTRIES, STRETCH_ENTRIES, newest
from sandbox.process import started

AUDIENCES = "/v1/audience/audiences"
PUBLISHER = {"accountType": "PUBLISHER", "accountId": 1}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with started() as url:
        yield url


@pytest.fixture
def api(url: str) -> Iterator[httpx.Client]:
    headers = {"pubToken": PUBMATIC_TOKENS["acme"], "Content-Type": "application/json"}
    with httpx.Client(base_url=url, headers=headers) as client:
        for forgotten in ("audiences", "ledger", "faults"):
            client.delete(f"/_sandbox/{forgotten}")
        yield client


class Table(HTMLParser):
    """The cells of every row."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 -- the parser's
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def rows(api: httpx.Client, **filters: Any) -> list[list[str]]:
    page = api.get("/_sandbox/", params=filters)
    assert page.status_code == 200
    return [[cell.strip() for cell in row] for row in Table(page.text).rows[1:]]


def create(api: httpx.Client, name: str, **more: Any) -> httpx.Response:
    body = PUBLISHER | {"name": name, "dataProviderId": "383", "providerAudienceId": name}
    return api.post(AUDIENCES, json=body, **more)


def test_the_newest_request_stands_first_with_all_that_is_known_of_it(api: httpx.Client) -> None:
    create(api, "first")
    made = create(api, "second", headers={"X-Sandbox-Fault": "delay"}).json()["id"]
    newest, oldest = rows(api)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", newest[0])
    assert newest[1:9] == ["pubmatic", "acme", "POST", AUDIENCES, "second", "200", str(made), "delay"]
    assert float(newest[9]) >= 100 > float(oldest[9])
    assert oldest[5] == "first"


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["three", "two", "one"]),
        ({"provider": "pubmatic", "account": "", "status": ""}, ["three", "two", "one"]),
        ({"provider": "mintegral"}, []),
        ({"account": "globex"}, ["two"]),
        ({"method": "post"}, ["three", "two", "one"]),
        ({"method": "GET"}, []),
        ({"status": "200"}, ["two", "one"]),
        ({"status": "5*"}, ["three"]),
        ({"status": "none"}, []),
        ({"fault": "html"}, ["three"]),
        ({"fault": "none"}, ["two", "one"]),
        ({"fault": "*", "account": "acme"}, ["three"]),
        ({"fault": "*", "account": "globex"}, []),
        ({"fault": "["}, []),
    ],
)
def test_filters_are_of_whole_values_with_a_star(api: httpx.Client, filters: dict[str, str], names: list[str]) -> None:
    create(api, "one")
    create(api, "two", headers={"pubToken": PUBMATIC_TOKENS["globex"]})
    create(api, "three", headers={"X-Sandbox-Fault": "html"})
    assert [row[5] for row in rows(api, **filters)] == names


def test_older_requests_are_a_link_away_under_the_same_filters(api: httpx.Client) -> None:
    for number in range(PAGE_ENTRIES + 5):
        api.get(AUDIENCES, params=PUBLISHER | {"name": str(number)})
    page = api.get("/_sandbox/", params={"method": "GET"})
    assert len(Table(page.text).rows) == PAGE_ENTRIES + 1
    link = re.search(r'href="([^"]+)" rel="next"', page.text)
    assert link
    older = api.get(unescape(link[1]))
    assert [row[5].strip() for row in Table(older.text).rows[1:]] == ["4", "3", "2", "1", "0"]
    assert ('rel="next"' in older.text, "Newest" in older.text) == (False, True)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "\ud800", "{{ 1 }}"])
def test_what_a_request_says_never_becomes_part_of_the_page(api: httpx.Client, name: str) -> None:
    body = PUBLISHER | {"name": name, "dataProviderId": "383", "providerAudienceId": "x"}
    api.post(AUDIENCES, content=json.dumps(body))
    api.get("/v1/<script>alert(1)</script>")
    page = api.get("/_sandbox/", params={"fault": "none", "account": '"><script>'})
    assert "<script" not in page.text
    (wrong_path, create) = Table(api.get("/_sandbox/").text).rows[1:]
    assert create[5].strip() == name.replace("\ud800", "?")
    assert "script" in wrong_path[4]
    assert not {"script", "img"} & set(Table(api.get("/_sandbox/").text).tags)


def test_the_page_loads_nothing_runs_nothing_and_knows_the_dark(api: httpx.Client) -> None:
    page = api.get("/_sandbox/")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert not {"script", "link", "img", "iframe"} & set(Table(page.text).tags)
    assert not re.search(r"https?://|//[a-z]|\bon[a-z]+=", page.text)
    assert "prefers-color-scheme: dark" in page.text


def test_a_long_ledger_is_looked_through_in_stretches_and_every_entry_is_met_once() -> None:
    ledger = Ledger()
    for number in range(2 * STRETCH_ENTRIES + 10):
        provider = "mintegral" if number % 1000 == 0 else "pubmatic"
        ledger.open(at=0, at_monotonic=0, provider=provider, method="GET", path="/", account="", name="")
    met, before = [], None
    while True:
        entries, before = newest(ledger, {"provider": "mintegral"}, before)
        met += [entry.seq for entry in entries]
        if before is None:
            break
    assert met == list(range(100_001, 0, -1000))


def test_an_empty_ledger_and_an_odd_position_are_a_page_too(api: httpx.Client) -> None:
    assert rows(api) == []
    assert rows(api, before="x") == rows(api, before="9" * 5000) == []
    assert api.get("/_sandbox/?account=%ff").status_code == 200


def test_the_page_can_only_be_read(api: httpx.Client) -> None:
    assert api.post("/_sandbox/").status_code == 405
    assert api.get("/_sandbox", follow_redirects=True).status_code == 200
    assert api.get("/_sandbox/ledger").json()["entries"] == [], "looking at it leaves no trace"
