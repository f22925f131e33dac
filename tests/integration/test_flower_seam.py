"""Do our pages stand in Flower as its own do? Seen by plain HTTP, with both commands that start it."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from command import Audience, as_json, example
from dead import die, refuse
from flower_server import BY_CELERY, BY_US, FlowerServer
from jws import KEY, OTHER_KEY, jws
from real import RedisServer, wait_until
from tornado.web import create_signed_value

from workers.bootstrap import Endpoints, Service
from workers.intake.message import from_queue
from workers.settings import Settings

KNOWN = {"2.2.0"}
"""The versions of Flower that the seam was tried with."""

CONFIG = """
[pubmatic.accounts.acme]
access_token = { env = "P" }
limits = ["5/s"]
[mintegral.accounts.acme]
access_key = { env = "K" }
api_key = { env = "A" }
"""
SECRETS = {"P": "canary-token-1", "K": "canary-key-2", "A": "canary-key-3"}
SIGNED = "https://bucket.example/ids.csv?X-Amz-Credential=me&X-Amz-Signature=canary-signature-4"
LETTER = "pubmatic/acme/order-17/1"
PAGES = (
    "/audience/lanes", "/audience/lane?provider=pubmatic&account=acme", "/audience/lane?provider=pubmatic&account=*",
    "/audience/dead", "/audience/dead?text=order", f"/audience/dead/letter?id={LETTER}",
    "/audience/dead/many?does=edit", "/audience/dead/many?does=replay", "/audience/dead/many?does=discard",
    "/audience/jobs", "/audience/jobs?text=order", "/audience/audit",
    "/audience/job?provider=pubmatic&account=acme&id=order-17",
)  # fmt: skip


@pytest.fixture
def env(redis_server: RedisServer, tmp_path: Path) -> dict[str, str]:
    config = tmp_path / "audience.toml"
    config.write_text(CONFIG)
    return {"AUDIENCE_BROKER_URL": redis_server.url, "AUDIENCE_CONFIG": str(config), **SECRETS}


@pytest.fixture(autouse=True)
def here(env: dict[str, str], redis_server: RedisServer) -> Service:
    """The service's parts, with one dead letter."""
    service = Service(Settings(config=Path(env["AUDIENCE_CONFIG"])), Endpoints(redis_server.url, redis_server.url))
    service.configure_lanes()
    die(service.redis, example("pubmatic-create-simple", id="order-17"))
    return service


@pytest.fixture
def start(tmp_path: Path, env: dict[str, str]) -> Iterator[Any]:
    started: list[FlowerServer] = []

    def start(command: tuple[str, ...] = BY_CELERY, *, read_only: bool = False, prefix: str = "", **more: str) -> Any:
        server = FlowerServer(tmp_path, {**env, **more}, command, read_only=read_only, prefix=prefix)
        started.append(server)
        return httpx.Client(base_url=server.url, trust_env=False)

    yield start
    for server in started:
        server.close()


def token(client: httpx.Client, page: str = "/audience/lane?provider=pubmatic&account=acme") -> str:
    found = re.search(r'name="_xsrf" value="([^"]+)"', client.get(page).text)
    assert found is not None
    return found[1]


def pause(client: httpx.Client, **more: str) -> httpx.Response:
    return client.post("/audience/lane", data={"provider": "pubmatic", "account": "acme", "order": "pause", **more})


def audit(env: dict[str, str]) -> list[tuple[str, str]]:
    return [(line["who"], line["action"]) for line in Audience(**env)("audit", "--json").succeeded().lines]


def test_this_flower_is_one_that_the_seam_knows() -> None:
    assert version("flower") in KNOWN, "try the pages with it, then name it here"


def test_the_app_alone_imports_neither_flower_nor_tornado(env: dict[str, str]) -> None:
    code = "import sys, workers.app; print({'flower', 'tornado', 'prometheus_client'} & {*sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env).stdout
    assert found == "set()\n"


@pytest.mark.parametrize("command", [BY_CELERY, BY_US], ids=["celery", "audience"])
def test_both_commands_serve_every_page_in_flowers_navigation(start: Any, command: tuple[str, ...]) -> None:
    with start(command) as client:
        for page in ("/", "/tasks", *PAGES):
            answer = client.get(page)
            assert answer.status_code == 200, (page, answer.text)
            for link in ("/workers", "/tasks", "/broker", "/audience/lanes", "/audience/dead", "/audience/jobs"):
                assert f'href="{link}"' in answer.text
        assert "script-src 'self'" in client.get("/audience/lanes").headers["Content-Security-Policy"]
        assert client.get("/audience/static/pages.js").status_code == 200


def test_flowers_page_of_the_broker_shows_where_messages_wait(start: Any, redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.lpush("audience.jobs", "{}", "{}")
    with start() as flower:
        rows = re.findall(r'<tr id="(.+?)">.*?column">(.*?)</td>', flower.get("/broker").text, re.DOTALL)
    assert rows == [("audience.jobs", "2"), ("audience.submit", "0"), ("audience.results", "0")]


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


def test_a_prefix_of_flowers_holds_for_our_pages(start: Any) -> None:
    with start(prefix="ops") as client:
        assert 'href="/ops/audience/dead"' in client.get("/audience/lanes").text


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


def test_no_page_shows_a_secret_or_a_signed_address(start: Any, here: Service) -> None:
    job = example("mintegral-create", id="signed")
    payload = {name: value for name, value in job["payload"].items() if name != "data_path"}
    payload |= {"files": [{"device_type": 2, "file": SIGNED}]}
    die(here.redis, job | {"account": "acme", "payload": payload})
    refuse(here, json.dumps({"payload": payload}).encode())
    here.door.enter(
        [from_queue(as_json({**job, "account": "acme", "id": "waits", "payload": payload}), here.door.payloads)]
    )
    message = here.redis.zrange("audience:{rejected}:dead", 0, 0)[0].decode()  # type: ignore[index]
    more = (
        "/audience/dead/letter?id=mintegral/acme/signed/1", f"/audience/dead/letter?id=rejected/{message}",
        "/audience/job?provider=mintegral&account=acme&id=waits",
    )  # fmt: skip
    with start() as client:
        seen = {page: client.get(page) for page in (*PAGES, *more)}
        assert {answer.status_code for answer in seen.values()} == {200}
        assert not [page for page, answer in seen.items() if "canary" in answer.text]
        assert "bucket.example/ids.csv?[hidden]" in seen[more[0]].text
        # An edit of something else leaves the hidden query as it is.
        edited = payload | {"ta_name": "mended"}
        shown = json.dumps(edited).replace(SIGNED.partition("?")[2], "[hidden]")
        form = {"id": "mintegral/acme/signed/1", "order": "edit", "payload": shown, "_xsrf": token(client)}
        assert client.post("/audience/dead/letter", data=form).status_code == 303
    sent = json.loads(here.redis.hget("audience:{mintegral}:dead:acme/signed/1", "edited"))  # type: ignore[arg-type]
    assert sent["payload"] == edited


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"name": "Z\xfcrich", "file": "%b"}', "Z\ufffdrich"),
        (b'{"\\ud800": 1, "file": "%b"}', "\\ud800"),
        (b'{"file": "%b"}', "bucket.example"),
    ],
    ids=["latin-1", "half a character", "escaped"],
)
def test_a_message_is_read_on_its_page_and_no_signed_address_in_it(
    start: Any, here: Service, body: bytes, shown: str
) -> None:
    body %= SIGNED.replace("/", "\\u002f").encode()
    refused = refuse(here, body)
    with start() as client:
        page = client.get(f"/audience/dead/letter?id={refused}").text
    assert shown in page
    assert "bucket.example/ids.csv?[hidden]" in page
    assert not [each for each in ("canary", base64.b64encode(body).decode()) if each in page]


def test_an_edit_of_what_nobody_signed_is_asked_to_be_forced(
    start: Any, env: dict[str, str], here: Service, redis_server: RedisServer, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(KEY)
    with Path(env["AUDIENCE_CONFIG"]).open("a") as config:
        config.write(f'\n[pubmatic.accounts.acme.producers]\ncrm = {{ file = "{tmp_path / "key"}" }}\n')
    guarded = Service(here.settings, Endpoints(redis_server.url, redis_server.url))
    job = example("pubmatic-create-simple", id="guarded", metadata={"from": SIGNED})
    forged, real = refuse(guarded, jws(job, OTHER_KEY)), refuse(guarded, jws({**job, "payload": {}}))
    unsigned = refuse(guarded, jws(job, header={"alg": "none"}).rpartition(b".")[0] + b".")
    with start() as client:
        page = client.get(f"/audience/dead/letter?id={forged}").text
        assert "no producer of its account signed it" in page
        shown = page + client.get(f"/audience/dead/letter?id={unsigned}").text
        assert not [each for each in re.findall(r"[\w-]{24,}", shown) if "canary" in decoded(each)]
        assert "no producer" not in client.get(f"/audience/dead/letter?id={real}").text
        form = {"id": forged, "order": "edit", "payload": json.dumps({**job, "priority": 9}), "_xsrf": token(client)}
        assert client.post("/audience/dead/letter", data=form).status_code == 409
        assert client.post("/audience/dead/letter", data={**form, "force": "yes"}).status_code == 303
        replay = {"id": forged, "order": "replay", "_xsrf": token(client)}
        assert client.post("/audience/dead/letter", data=replay).status_code == 303
        assert client.post("/audience/dead/letter", data={**replay, "id": real}).status_code == 409
    assert here.redis.hexists("audience:{pubmatic}:bodies:acme", "guarded")


def decoded(part: str) -> str:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("latin1") if len(part) % 4 != 1 else ""


def test_what_came_in_is_never_markup(start: Any, here: Service) -> None:
    refuse(here, b'{"provider": "<u>planted</u>", "account": "\\"><u>planted</u>"}')
    pages = ("/audience/dead", "/audience/dead?text=<u>", "/audience/jobs?text=<u>", "/audience/dead?run=<u>")
    with start() as client:
        for page in (*pages, "/audience/lane?provider=<u>&account=<u>", "/audience/dead/letter?id=<u>"):
            assert "<u>" not in client.get(page).text


def test_a_state_store_that_is_out_is_said_in_a_sentence(
    tmp_path: Path, env: dict[str, str], own_redis: RedisServer
) -> None:
    server = FlowerServer(tmp_path, {**env, "AUDIENCE_REDIS_URL": own_redis.url})
    try:
        own_redis.kill()
        answer = wait_until(
            lambda: httpx.get(f"{server.url}/audience/dead", trust_env=False, timeout=60), 60, "an answer"
        )
        assert answer.status_code == 503
        assert "audience doctor" in answer.text
        assert httpx.get(f"{server.url}/workers", trust_env=False).status_code == 200
    finally:
        server.close()
