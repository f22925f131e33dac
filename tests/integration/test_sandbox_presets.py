"""Which faults have a name, and how one request asks for its own."""

import json
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from sandbox.behaviour import Behaviour
from sandbox.credentials import MINTEGRAL_KEYS, PUBMATIC_TOKENS
from sandbox.fault_presets import PRESETS
from sandbox.faults import Action
from sandbox.mintegral.provider import token_for
from sandbox.process import started

AUDIENCES = "/v1/audience/audiences"
PUBLISHER = {"accountType": "PUBLISHER", "accountId": 1}
FRESH = {name: getattr(Behaviour(), name) for name in Behaviour.__slots__}
HEADER = "X-Sandbox-Fault"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with started() as url:
        yield url


@pytest.fixture
def api(url: str) -> Iterator[httpx.Client]:
    headers = {"pubToken": PUBMATIC_TOKENS["acme"], "Content-Type": "application/json"}
    with httpx.Client(base_url=url, headers=headers, timeout=10) as client:
        for forgotten in ("audiences", "ledger", "faults"):
            client.delete(f"/_sandbox/{forgotten}")
        client.patch("/_sandbox/behaviour", json=FRESH)
        yield client


def create(api: httpx.Client, own_fault: object = None, name: str = "one", **more: Any) -> httpx.Response:
    body = PUBLISHER | {"name": name, "dataProviderId": "383", "providerAudienceId": name}
    text = own_fault if isinstance(own_fault, str) else json.dumps(own_fault)
    headers = {} if own_fault is None else {HEADER: text}
    return api.post(AUDIENCES, json=body, headers=headers, **more)


def exists(api: httpx.Client, name: str = "one") -> bool:
    return api.get(AUDIENCES, params=PUBLISHER | {"name": name}).is_success


def last_entry(api: httpx.Client) -> dict[str, Any]:
    entry = api.get("/_sandbox/ledger").json()["entries"][-1]
    assert isinstance(entry, dict)
    return entry


SCRIPTED = [name for name, fields in PRESETS.items() if fields["action"] != Action.COMMIT_THEN_TRUNCATE]


@pytest.mark.parametrize("name", SCRIPTED)
def test_a_preset_in_a_header_is_answered_to_that_request_alone(api: httpx.Client, name: str) -> None:
    fields = PRESETS[name]
    answer = create(api, name)
    assert answer.status_code == fields["status"]
    text = fields["body"] if isinstance(fields["body"], str) else json.dumps(fields["body"])
    assert answer.text == text
    assert {key: answer.headers[key] for key in fields.get("headers", {})} == fields.get("headers", {})
    is_done = fields["action"] == Action.COMMIT_THEN_ANSWER
    assert (last_entry(api)["fault"], last_entry(api)["applied"] is not None) == (name, is_done)
    assert create(api, name="two").is_success
    assert exists(api) is is_done


def test_a_preset_that_truncates_announces_more_than_it_sends(api: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        create(api, "truncated")
    assert (last_entry(api)["fault"], exists(api)) == ("truncated", True)


def test_even_an_empty_answer_can_be_truncated(api: httpx.Client) -> None:
    keys, stamp = MINTEGRAL_KEYS["acme"], str(int(time.time()))
    headers = {"access-key": keys.access_key, "timestamp": stamp, "token": token_for(keys.api_key, stamp)}
    asked = {"area_type": 1, "file_name": "a.txt", "file_md5": "d41d8cd98f00b204e9800998ecf8427e"}
    data = api.get("/api/open/v1/audience/presigned-upload-data", params=asked, headers=headers).json()["data"]
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.put(data["s3"]["url"], content=b"", headers={HEADER: "truncated"})
    assert last_entry(api)["applied"] == data["s3"]["data_path"]


@pytest.mark.parametrize(("form", "name"), [("seconds", "throttled"), ("date", "throttled_date")])
def test_throttling_says_when_to_come_back_counted_from_its_answer(api: httpx.Client, form: str, name: str) -> None:
    api.post("/_sandbox/faults", json={"preset": name, "retry_after_s": 30})
    came_back = create(api).headers["Retry-After"]
    wait_s = float(came_back) if form == "seconds" else parsedate_to_datetime(came_back).timestamp() - time.time()
    assert 28 < wait_s <= 31


def test_a_preset_is_a_fault_like_any_other_and_may_be_changed(api: httpx.Client) -> None:
    changed = {"preset": "html", "action": "commit_then_answer", "status": 504, "method": "POST", "times": 2}
    assert api.post("/_sandbox/faults", json=changed).status_code == 201
    (told,) = api.get("/_sandbox/faults").json()["faults"]
    assert (told["preset"], told["action"], told["status"]) == ("html", "commit_then_answer", 504)
    assert [create(api).status_code, create(api, name="two").status_code] == [504, 504]
    assert exists(api)


def test_the_presets_can_be_listed(api: httpx.Client) -> None:
    assert api.get("/_sandbox/presets").json()["presets"] == json.loads(json.dumps(dict(PRESETS)))


@pytest.mark.parametrize(
    ("own", "status"),
    [
        ("answer", 500),
        ('{"action": "answer", "status": 418}', 418),
        ('{"preset": "throttled", "retry_after": "none"}', 429),
        ('{"action": "answer", "status": 204}', 204),
        ('{"action": "answer", "status": 418, "method": "POST", "name": "one"}', 418),
        ('{"action": "answer", "status": 418, "method": "GET"}', 200),
    ],
)
def test_a_header_takes_a_word_or_the_fields_of_a_fault(api: httpx.Client, own: str, status: int) -> None:
    assert create(api, own).status_code == status


def test_a_request_of_its_own_fault_leaves_those_that_wait(api: httpx.Client) -> None:
    api.post("/_sandbox/faults", json={"action": "answer", "status": 503})
    assert [create(api, "html").status_code, create(api).status_code, create(api).status_code] == [502, 503, 200]


@pytest.mark.parametrize(("action", "error"), [("commit_then_hang", httpx.ReadTimeout), ("reset", httpx.ReadError)])
def test_a_header_can_lose_the_answer(api: httpx.Client, action: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        create(api, action, timeout=0.5)
    assert exists(api) is (action == "commit_then_hang")


@pytest.mark.parametrize(
    "own",
    [
        "",
        "explode",
        "html, empty",
        "{",
        "[]",
        '"html"',
        "{}",
        '{"preset": "explode"}',
        '{"action": "reset", "times": 2}',
        '{"action": "reset", "skip": 1}',
        '{"action": "reset", "id": 1}',
        '{"action": "answer", "status": 99}',
        '{"action": "answer", "status": 204, "body": "x"}',
        '{"action": "answer", "status": true}',
        '{"action": "answer", "headers": {"Content-Length": "5"}}',
        '{"action": "answer", "headers": {"X": "a\\r\\nSet-Cookie: b"}}',
        '{"action": "answer", "headers": {"X Y": "a"}}',
        '{"action": "delay", "delay_ms": NaN}',
        '{"action": "delay", "delay_ms": 1e999}',
        '{"action": "delay", "delay_ms": -1}',
        '{"action": "answer", "body": ' + "[" * 20_000 + "}",
    ],
)
def test_a_header_that_cannot_be_read_is_400_with_a_sentence_and_nothing_is_done(api: httpx.Client, own: str) -> None:
    answer = create(api, own)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("X-Sandbox-Fault: ")
    assert last_entry(api)["fault"] == "unreadable X-Sandbox-Fault"
    assert not exists(api)
    if not own.startswith("{"):
        return
    assert api.post("/_sandbox/faults", content=own).status_code in (201, 400), "the control API reads the same"
