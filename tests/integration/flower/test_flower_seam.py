"""Do our pages stand in Flower as its own do? Seen by plain HTTP, with both commands that start it."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
from command import as_json, example
from dead import die, refuse
from flower_pages import PAGES, token
from flower_server import BY_CELERY, BY_US, FlowerServer
from jws import KEY, OTHER_KEY, jws
from real import RedisServer, wait_until

from workers.bootstrap import Endpoints, Service
from workers.intake.message import from_queue

KNOWN = {"2.2.0"}
"""The versions of Flower that the seam was tried with."""

SIGNED = "https://bucket.example/ids.csv?X-Amz-Credential=me&X-Amz-Signature=canary-signature-4"


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


def test_a_prefix_of_flowers_holds_for_our_pages(start: Any) -> None:
    with start(prefix="ops") as client:
        assert 'href="/ops/audience/dead"' in client.get("/audience/lanes").text


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
