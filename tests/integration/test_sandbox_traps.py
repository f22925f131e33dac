"""Which of the documents' contradictions the sandbox shows when asked to."""

import hashlib
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.behaviour import Behaviour
from sandbox.credentials import MINTEGRAL_KEYS, PUBMATIC_TOKENS, PUBMATIC_USERS
from sandbox.mintegral.provider import token_for
from sandbox.process import started

AUDIENCES = "/v1/audience/audiences"
AUDIENCE = "/api/open/v1/audience"
PUBLISHER: dict[str, Any] = {"accountType": "PUBLISHER", "accountId": 1}
SIMPLE = PUBLISHER | {"name": "one", "dataProviderId": "383", "providerAudienceId": "1", "price": "1.5"}
COMPLEX = PUBLISHER | {"name": "Travel Enthusiasts", "queryInfix": "(,383:1,OR,383:2,)"}
UPLOADED = {
    "ta_name": "one",
    "area_type": 1,
    "platform": 2,
    "data_path": [{"device_type": 2, "data_path": "s3://bucket/ids.txt"}],
}
FRESH = {name: getattr(Behaviour(), name) for name in Behaviour.__slots__}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with started() as url:
        yield url


@pytest.fixture
def api(url: str) -> Iterator[httpx.Client]:
    keys, stamp = MINTEGRAL_KEYS["acme"], str(int(time.time()))
    headers = {"access-key": keys.access_key, "timestamp": stamp, "token": token_for(keys.api_key, stamp)}
    headers |= {"pubToken": PUBMATIC_TOKENS["acme"], "Content-Type": "application/json"}
    with httpx.Client(base_url=url, headers=headers, timeout=10) as client:
        client.delete("/_sandbox/audiences")
        client.patch("/_sandbox/behaviour", json=FRESH)
        yield client


def behave(api: httpx.Client, **options: Any) -> None:
    answer = api.patch("/_sandbox/behaviour", json=options)
    assert answer.is_success, answer.text


def two(api: httpx.Client) -> list[Any]:
    return [api.post(AUDIENCES, json=SIMPLE | {"providerAudienceId": number}).json() for number in ("1", "2")]


def test_a_treacherous_pubmatic_says_the_same_in_other_types(api: httpx.Client) -> None:
    behave(api, treacherous=True)
    made = api.post(AUDIENCES, json=SIMPLE).json()
    asked = f"{AUDIENCES}/{made['id']}"
    shown = api.get(asked, params=PUBLISHER).json()
    behave(api, treacherous=False)
    usual = api.get(asked, params=PUBLISHER).json()
    assert shown.keys() == usual.keys()
    assert (made["id"], shown["enabled"], shown["accountId"]) == (str(usual["id"]), "1", "1")
    assert (shown["price"], shown["dataProviderId"], shown["audienceGroupId"]) == (1.5, "383", 1)
    assert time.strptime(shown["creationTime"], "%b %d, %Y")


def test_a_treacherous_page_has_text_for_numbers_and_numbers_for_text(api: httpx.Client) -> None:
    two(api)
    behave(api, treacherous=True)
    item = api.get(AUDIENCES, params=PUBLISHER | {"pageSize": 1}).json()["items"][0]
    assert (item["dataProviderId"], item["price"], item["audienceGroupId"]) == (383, "1.5", "1")


def test_a_treacherous_create_of_a_complex_audience_answers_another_name(api: httpx.Client) -> None:
    two(api)
    behave(api, treacherous=True)
    made = api.post(AUDIENCES, json=COMPLEX).json()
    assert (made["name"], made["accountTypeId"]) == ("test rest 78", "4")
    assert api.get(f"{AUDIENCES}/{made['id']}", params=PUBLISHER).json()["name"] == COMPLEX["name"]


def test_a_treacherous_refusal_has_the_shorter_text(api: httpx.Client) -> None:
    behave(api, treacherous=True)
    (error,) = api.post(AUDIENCES, json=SIMPLE | {"name": ""}).json()
    assert error == {"errorCode": "AUD01_0008", "errorMessage": "Please provide a valid audience name."}


def test_a_treacherous_log_in_names_its_type_differently(api: httpx.Client) -> None:
    behave(api, treacherous=True)
    user = PUBMATIC_USERS["acme"]
    log_in = {"userName": user.user_name, "password": user.password, "apiProduct": "PUBLISHER"}
    pair = api.post("/v1/developer-integrations/developer/token", json=log_in).json()
    assert pair["tokenType"] == "BearerToken"


def test_a_treacherous_mintegral_says_200_in_text_and_msg_for_message(api: httpx.Client) -> None:
    behave(api, treacherous=True)
    made = api.post(AUDIENCE, json=UPLOADED).json()
    assert made == {"code": "200", "msg": "success", "data": {"ta_id": made["data"]["ta_id"]}}
    assert made["data"]["ta_id"].isdecimal()
    listed = api.get(AUDIENCE).json()["data"]
    assert (listed["total"], listed["list"][0]["ta_id"]) == ("1", made["data"]["ta_id"])
    refused = api.post(AUDIENCE, json={}).json()
    assert (refused["code"], refused["msg"], refused["data"]) == ("10000", refused["data"], refused["msg"])
    asked = {"area_type": 1, "file_name": "a.txt", "file_md5": hashlib.md5(b"", usedforsecurity=False).hexdigest()}
    presigned = api.get(f"{AUDIENCE}/presigned-upload-data", params=asked).json()
    assert (presigned["message"], presigned["data"]["ttl"]) == ("success", "300")


def test_a_treacherous_delete_answers_its_text_where_null_was(api: httpx.Client) -> None:
    made = api.post(AUDIENCE, json=UPLOADED).json()["data"]["ta_id"]
    behave(api, treacherous=True)
    assert api.request("DELETE", AUDIENCE, json={"ta_id": [made]}).json()["data"] == "success"


def test_a_scripted_answer_is_not_disguised(api: httpx.Client) -> None:
    behave(api, treacherous=True)
    answer = api.get(AUDIENCE, headers={"X-Sandbox-Fault": "mintegral_10000"})
    assert answer.json()["code"] == 10000


@pytest.mark.parametrize("path", [AUDIENCES, f"{AUDIENCES}/1"])
def test_an_error_array_may_come_with_status_200(api: httpx.Client, path: str) -> None:
    behave(api, refusal_status=200)
    answer = api.get(path, params=PUBLISHER)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (200, "CC03_0001")


def test_a_list_may_always_be_one_array(api: httpx.Client) -> None:
    two(api)
    behave(api, list_shape="array", page_size_max=1)
    assert len(api.get(AUDIENCES, params=PUBLISHER | {"pageNumber": 2, "pageSize": 1}).json()) == 2


def test_a_list_may_always_be_pages(api: httpx.Client) -> None:
    two(api)
    behave(api, list_shape="pages")
    assert api.get(AUDIENCES, params=PUBLISHER).json()["metaData"]["numberOfPages"] == "1"


def test_a_page_size_may_be_ignored(api: httpx.Client) -> None:
    two(api)
    behave(api, page_size_ignored=True, page_size_max=1)
    page = api.get(AUDIENCES, params=PUBLISHER | {"pageNumber": 2, "pageSize": 50}).json()
    assert (page["metaData"]["pageSize"], page["metaData"]["numberOfPages"], len(page["items"])) == ("1", "2", 1)


def test_a_negative_price_may_silently_become_zero(api: httpx.Client) -> None:
    behave(api, negative_price_is_zero=True)
    made = api.post(AUDIENCES, json=SIMPLE | {"price": -3}).json()
    assert made["price"] == "0.0"
    changed = api.patch(f"{AUDIENCES}/{made['id']}", params=PUBLISHER, json={"price": "-1"}).json()
    assert changed["price"] == "0.0"


@pytest.mark.parametrize(
    ("taken", "pub_token", "bearer"), [("either", 400, 400), ("pubToken", 400, 401), ("bearer", 401, 400)]
)
def test_pubmatic_may_take_only_one_of_its_two_headers(
    api: httpx.Client, taken: str, pub_token: int, bearer: int
) -> None:
    behave(api, auth_header=taken)
    token = PUBMATIC_TOKENS["acme"]
    for headers, status in (({"pubToken": token}, pub_token), ({"Authorization": f"Bearer {token}"}, bearer)):
        sent = headers | {"Content-Type": "application/json"}
        assert httpx.get(f"{api.base_url}{AUDIENCES}", params=PUBLISHER, headers=sent).status_code == status


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ("unauthorized", 401, "access_token_expired"),
        ("in-200", 200, "access_token_expired"),
        ("empty", 401, ""),
        ("apigee", 401, "oauth.v2.InvalidAccessToken"),
    ],
)
def test_an_expired_token_may_be_told_in_four_ways(api: httpx.Client, form: str, status: int, said: str) -> None:
    behave(api, expired_token=form)
    api.post("/_sandbox/credentials", json={"provider": "pubmatic", "account": "old", "access_token": f"old-{form}"})
    api.post("/_sandbox/credentials", json={"provider": "pubmatic", "account": "old", "expire": True})
    answer = api.post(AUDIENCES, json=SIMPLE, headers={"pubToken": f"old-{form}"})
    assert answer.status_code == status
    assert said in answer.text
    assert bool(answer.text) is bool(said)
    assert api.get("/_sandbox/audiences").json()["audiences"] == []


def test_a_mintegral_name_may_be_unique_within_an_account(api: httpx.Client) -> None:
    behave(api, unique_names=True)
    assert api.post(AUDIENCE, json=UPLOADED).json()["code"] == 200
    assert "exists" in api.post(AUDIENCE, json=UPLOADED).json()["message"]
    assert api.post(AUDIENCE, json=UPLOADED | {"ta_name": "two"}).json()["code"] == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"list_shape": "round"},
        {"retry_after": "later"},
        {"refusal_status": 302},
        {"page_size_max": 0},
        {"hang_s": -1},
        {"latency_ms": 10**400},
        {"treacherous": 1},
        {"rate_limit": "9" * 5000 + "/s"},
    ],
)
def test_an_option_that_cannot_be_is_refused_with_a_sentence(api: httpx.Client, wrong: dict[str, Any]) -> None:
    answer = api.patch("/_sandbox/behaviour", json=wrong)
    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)
    assert api.get("/_sandbox/behaviour").json() == FRESH
