"""Who may do what on our pages in Flower, and from where? Seen by plain HTTP."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from command import Audience
from flower_pages import LETTER, PAGES, token
from flower_server import BY_CELERY
from tornado.web import create_signed_value


def pause(client: httpx.Client, **more: str) -> httpx.Response:
    return client.post("/audience/lane", data={"provider": "pubmatic", "account": "acme", "order": "pause", **more})


def audit(env: dict[str, str]) -> list[tuple[str, str]]:
    return [(line["who"], line["action"]) for line in Audience(**env)("audit", "--json").succeeded().lines]


def test_without_authentication_it_listens_on_loopback_only(start: Any, env: dict[str, str], tmp_path: Path) -> None:
    with start() as client:
        assert client.get("/audience/lanes").status_code == 200
        listening = [
            each.laddr.ip
            for each in psutil.net_connections("tcp")
            if each.status == "LISTEN" and each.laddr.port == client.base_url.port
        ]
    assert listening == ["127.0.0.1"]
    refused = subprocess.run(
        [*BY_CELERY, "--address=0.0.0.0"], cwd=tmp_path, env={**os.environ, **env}, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert refused.returncode == 2
    assert "set FLOWER_BASIC_AUTH=user:password" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_without_the_token_nothing_is_changed(start: Any, env: dict[str, str]) -> None:
    with start() as client:
        assert pause(client).status_code == 403
        assert pause(client, _xsrf="2|11111111|22222222222222222222222222222222|1").status_code == 403
        assert audit(env) == []
        assert pause(client, _xsrf=token(client)).status_code == 303
        assert [action for _, action in audit(env)] == ["pause"]


def test_without_authentication_only_this_machines_own_name_is_answered(start: Any) -> None:
    with start() as client:
        for page in ("/audience/lanes", "/", "/tasks", "/tasks/datatable", "/metrics", "/nothing"):
            answer = client.get(page, headers={"Host": "rebound.example"})
            assert answer.status_code == 403, page
            assert "open it as localhost" in answer.text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_page_of_another_site_acts_whatever_token_it_planted(start: Any, env: dict[str, str], site: str) -> None:
    with start(FLOWER_UNAUTHENTICATED_API="true") as client:
        planted = {"_xsrf": token(client)}
        client.headers["Sec-Fetch-Site"] = site
        for url, fields in FORMS:
            assert client.post(url, data={**fields, **planted}).status_code == 403
        refused = client.post("/api/task/revoke/17", data=planted)
        assert (refused.status_code, "another site" in refused.text) == (403, True)
        assert client.post("/api/task/revoke/17", headers={"Host": "rebound.example"}).status_code == 403
        assert audit(env) == []
        client.headers["Sec-Fetch-Site"] = "same-origin"
        assert client.post("/api/task/revoke/17").status_code == 200
        assert pause(client, **planted).status_code == 303


@pytest.mark.parametrize("origin", ["http://evil.corp", "http://flower.corp:81", "null"])
def test_where_a_browser_says_no_more_than_origin_it_must_be_flowers_own(
    start: Any, env: dict[str, str], origin: str
) -> None:
    with start(FLOWER_BASIC_AUTH="ann:a-word") as client:
        client.auth = ("ann", "a-word")
        planted = {"_xsrf": token(client)}
        client.headers.update({"Host": "flower.corp", "Origin": origin, "Cookie": f"_xsrf={planted['_xsrf']}"})
        for url, fields in FORMS:
            assert client.post(url, data={**fields, **planted}).status_code == 403
        assert client.post("/api/task/revoke/17").status_code == 403
        assert audit(env) == []
        client.headers["Origin"] = "http://flower.corp"
        assert pause(client, **planted).status_code == 303


def test_no_other_site_reads_our_pages_whatever_flowers_api_allows(start: Any) -> None:
    with start(FLOWER_UNAUTHENTICATED_API="true") as client:
        client.headers["Origin"] = "http://evil.example"
        assert client.get("/api/workers").headers["Access-Control-Allow-Origin"] == "*"
        for answer in (*map(client.get, PAGES), client.get("/audience/job?id=none"), client.options("/audience/dead")):
            assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_proxy_in_front_may_send_localhost_as_host(start: Any) -> None:
    with start() as client:
        client.headers.update({"Host": "localhost", "Origin": "http://flower.corp"})
        planted = token(client)
        client.headers["Cookie"] = f"_xsrf={planted}"
        assert pause(client, _xsrf=planted).status_code == 303


def test_flowers_authentication_and_roles_hold_for_our_pages(start: Any, env: dict[str, str]) -> None:
    with start(FLOWER_BASIC_AUTH="ann:a-word,vic:v-word", AUDIENCE_OPERATORS="ann, bea") as client:
        for page in PAGES:
            assert client.get(page).status_code == 401
            assert client.get(page, auth=("ann", "wrong")).status_code == 401
        assert pause(client).status_code in {401, 403}
        client.auth = ("vic", "v-word")
        seen = client.get("/audience/lane?provider=pubmatic&account=acme").text
        assert "vic may look, and not act" in seen
        assert not [page for page in PAGES if 'method="post"' in client.get(page).text]
        xsrf = client.cookies["_xsrf"]
        for url, fields in FORMS:
            assert client.post(url, data={**fields, "_xsrf": xsrf}).status_code == 403
        assert client.post("/api/worker/shutdown/w", data={"_xsrf": xsrf}).status_code == 403
        assert audit(env) == []
        client.auth = ("ann", "a-word")
        assert pause(client, _xsrf=token(client)).status_code == 303
        assert audit(env) == [("ann", "pause")]


def test_with_a_log_in_elsewhere_it_is_the_address_that_counts(start: Any, env: dict[str, str]) -> None:
    oauth = {
        "FLOWER_AUTH": ".*@shop.example", "FLOWER_COOKIE_SECRET": "a secret of this test", "FLOWER_OAUTH2_KEY": "k",
        "FLOWER_AUTH_PROVIDER": "flower.views.auth.GoogleAuth2LoginHandler", "FLOWER_OAUTH2_SECRET": "s",
        "FLOWER_OAUTH2_REDIRECT_URI": "http://localhost/login", "AUDIENCE_OPERATORS": "ann@shop.example",
    }  # fmt: skip

    def log_in(client: httpx.Client, who: str) -> None:
        signed = create_signed_value(oauth["FLOWER_COOKIE_SECRET"], "user", who)
        client.cookies.set("user", signed.decode(), domain="127.0.0.1")

    with start(**oauth) as client:
        answer = client.get("/audience/dead?category=auth")
        assert answer.status_code == 302
        assert answer.headers["Location"] == "/login?next=%2Faudience%2Fdead%3Fcategory%3Dauth"
        log_in(client, "vic@shop.example")
        assert "vic@shop.example may look, and not act" in client.get(PAGES[1]).text
        log_in(client, "eve@elsewhere.example")
        assert client.get(PAGES[1]).status_code == 302
        log_in(client, "ann@shop.example")
        assert pause(client, _xsrf=token(client)).status_code == 303
    assert audit(env) == [("ann@shop.example", "pause")]


FORMS = (
    ("/audience/lane", {"provider": "pubmatic", "account": "acme", "order": "pause"}),
    ("/audience/dead/letter", {"id": LETTER, "order": "replay"}),
    ("/audience/dead/many", {"does": "edit", "merge": '{"name": "x"}', "step": "look"}),
    ("/audience/dead/many", {"does": "edit", "merge": '{"name": "x"}'}),
    ("/audience/dead/many", {"does": "discard", "reason": "because"}),
    ("/audience/dead/order", {"id": "x"}),
    ("/audience/job", {"provider": "pubmatic", "account": "acme", "id": "order-17"}),
)


def test_read_only_changes_nothing_and_says_so(start: Any, env: dict[str, str]) -> None:
    with start(read_only=True) as client:
        assert "read-only mode" in client.get(f"/audience/dead/letter?id={LETTER}").text
        assert not [page for page in PAGES if 'method="post"' in client.get(page).text]
        xsrf = client.cookies["_xsrf"]
        for url, fields in FORMS:
            assert client.post(url, data={**fields, "_xsrf": xsrf}).status_code == 403
        assert audit(env) == []
