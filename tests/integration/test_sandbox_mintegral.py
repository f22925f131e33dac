"""What the sandbox's Mintegral answers to audience calls, and to headers that are not quite right."""

import hashlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from sandbox.credentials import MINTEGRAL_KEYS
from sandbox.mintegral.provider import token_for
from sandbox.process import started

AUDIENCE = "/api/open/v1/audience"
FILE = {"device_type": 2, "data_path": "s3://bucket/audience/tmp_upload/2024/01/10/rand/md5/test.txt"}
VALID: dict[str, Any] = {"ta_name": "test_audience", "area_type": 1, "platform": 2, "data_path": [FILE]}
DAY_S = 86400


def signed(account: str = "acme", at: float | None = None, **changes: str) -> dict[str, str]:
    keys = MINTEGRAL_KEYS[account]
    stamp = str(int(time.time() if at is None else at))
    inner = hashlib.md5(stamp.encode(), usedforsecurity=False).hexdigest()
    token = hashlib.md5((keys.api_key + inner).encode(), usedforsecurity=False).hexdigest()
    return {"access-key": keys.access_key, "timestamp": stamp, "token": token} | changes


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with started() as url:
        yield url


@pytest.fixture
def api(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers=signed()) as client:
        client.delete("/_sandbox/audiences")
        client.patch("/_sandbox/behaviour", json={"newer_device_types": False, "uploads_required": False})
        yield client


def created(api: httpx.Client, **changes: Any) -> int:
    data = api.post(AUDIENCE, json=VALID | changes).json()["data"]
    assert isinstance(data["ta_id"], int)
    return int(data["ta_id"])


def refusal(answer: httpx.Response) -> str:
    """The sentence of a failure, which is one by its code alone."""
    assert answer.status_code == 200
    assert answer.json()["code"] == 10000
    assert answer.json()["data"] is None
    return str(answer.json()["message"])


def test_the_published_test_vector_gives_its_token() -> None:
    assert token_for("ce4f7c2b8edb173e2533d7a169080504", "1471256697") == "378d387c2b61462cf4bc62b3949111f3"


def test_a_create_answers_code_200_message_and_a_numeric_id(api: httpx.Client) -> None:
    answer = api.post(AUDIENCE, json=VALID)
    assert answer.json() == {
        "code": 200,
        "message": "success",
        "data": {"ta_id": answer.json()["data"]["ta_id"]},
    }


@pytest.mark.parametrize("name", ["ta_name", "area_type", "platform", "data_path"])
def test_every_field_of_a_create_is_required(api: httpx.Client, name: str) -> None:
    body = {key: value for key, value in VALID.items() if key != name}
    assert refusal(api.post(AUDIENCE, json=body)) == f"{name} is required"


@pytest.mark.parametrize(
    ("named", "changes"),
    [
        ("ta_name", {"ta_name": 7}),
        ("ta_name", {"ta_name": " "}),
        ("area_type", {"area_type": 2}),
        ("platform", {"platform": 4}),
        ("platform", {"platform": "2"}),
        ("platform", {"platform": True}),
        ("data_path", {"data_path": []}),
        ("data_path", {"data_path": "s3://bucket/file.txt"}),
        ("data_path", {"data_path": ["s3://bucket/file.txt"]}),
        ("device_type", {"data_path": [FILE | {"device_type": 5}]}),
        ("device_type", {"data_path": [FILE | {"device_type": 12}]}),
        ("device_type", {"data_path": [FILE, {"data_path": "s3://bucket/file.txt"}]}),
        ("data_path.data_path", {"data_path": [FILE | {"data_path": "https://bucket/file.txt"}]}),
    ],
)
def test_a_create_with_a_wrong_value_hears_which(api: httpx.Client, named: str, changes: dict[str, Any]) -> None:
    assert named in refusal(api.post(AUDIENCE, json=VALID | changes))


def test_a_body_that_is_not_sent_as_json_has_no_parameters(api: httpx.Client) -> None:
    assert "required" in refusal(api.post(AUDIENCE, content=b"{"))
    assert "required" in refusal(api.post(AUDIENCE, data={"ta_name": "x"}))


def test_newer_device_types_and_required_uploads_are_options(api: httpx.Client) -> None:
    newer = {"data_path": [FILE | {"device_type": 13}]}
    api.patch("/_sandbox/behaviour", json={"newer_device_types": True})
    assert created(api, **newer)
    api.patch("/_sandbox/behaviour", json={"uploads_required": True})
    assert "upload" in refusal(api.post(AUDIENCE, json=VALID | newer))


@pytest.mark.parametrize(
    ("code", "headers"),  # signed when the test runs: a signature is good for five minutes
    [
        (401, lambda: signed(**{"access-key": "nobody's"})),
        (401, lambda: signed(token="0" * 32)),
        (401, lambda: signed(timestamp="1471256697")),
        (401, lambda: signed(at=time.time() - 3600)),
        (401, lambda: signed(at=time.time() + 3600)),
        (401, lambda: signed(at=time.time() * 1000)),
        (401, lambda: signed(timestamp=f"{time.time():.3f}")),
        (401, lambda: signed(timestamp="")),
        (403, lambda: signed("unsubscribed")),
    ],
)
def test_a_wrong_signature_is_refused_inside_http_200(
    url: str, code: int, headers: Callable[[], dict[str, str]]
) -> None:
    answer = httpx.get(f"{url}{AUDIENCE}", headers=headers())
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (200, code, None)
    assert answer.json()["msg"]


def test_the_clock_tolerance_is_an_option(api: httpx.Client) -> None:
    hour_ago = signed(at=time.time() - 3600)
    api.patch("/_sandbox/behaviour", json={"clock_tolerance_s": 7200})
    assert api.get(AUDIENCE, headers=hour_ago).json()["code"] == 200
    api.patch("/_sandbox/behaviour", json={"clock_tolerance_s": 300})
    assert api.get(AUDIENCE, headers=hour_ago).json()["code"] == 401


def test_a_list_shows_the_documented_fields_newest_first(api: httpx.Client) -> None:
    first = created(api)
    second = created(api, ta_name="second", data_path=[FILE, FILE | {"device_type": 3}, FILE])
    data = api.get(AUDIENCE).json()["data"]
    assert (data["page"], data["limit"], data["current_total"], data["total"]) == (1, 10, 2, 2)
    newest, oldest = data["list"]
    assert (
        newest.items()
        >= {
            "ta_id": second,
            "ta_name": "second",
            "platform": 2,
            "area_type": 1,
            "ta_type": 1,
            "device_type": "2,3",
        }.items()
    )
    assert oldest["ta_id"] == first
    assert abs(newest["ctime"] - time.time()) < 60
    assert newest["utime"] == newest["ctime"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"ta_name": "AUD"}, ["audience b", "Audience a"]),
        ({"ta_name": "audience a"}, ["Audience a"]),
        ({"platform": 1}, ["other"]),
        ({"ta_ids": "1148, 1150"}, ["other", "Audience a"]),
        ({"ta_ids": "1"}, []),
        ({"limit": 1}, ["other"]),
        ({"limit": 1, "page": 3}, ["Audience a"]),
        ({"limit": 0, "page": "x"}, ["other", "audience b", "Audience a"]),
    ],
)
def test_the_documented_filters_and_pages(api: httpx.Client, query: dict[str, Any], names: list[str]) -> None:
    created(api, ta_name="Audience a")
    created(api, ta_name="audience b")
    created(api, ta_name="other", platform=1)
    assert [one["ta_name"] for one in api.get(AUDIENCE, params=query).json()["data"]["list"]] == names


def test_a_limit_above_500_is_silently_500(api: httpx.Client) -> None:
    api.post(
        "/_sandbox/audiences",
        json={"provider": "mintegral", "account": "acme", "audience": VALID, "count": 510},
    )
    data = api.get(AUDIENCE, params={"limit": 1000}).json()["data"]
    assert (data["limit"], data["current_total"], data["total"], len(data["list"])) == (500, 500, 510, 500)


def test_an_account_sees_only_its_own_audiences(api: httpx.Client) -> None:
    created(api)
    assert api.get(AUDIENCE, headers=signed("globex")).json()["data"]["total"] == 0


def test_names_may_repeat_so_a_double_create_is_two_audiences(api: httpx.Client) -> None:
    assert created(api) != created(api)
    assert api.get(AUDIENCE).json()["data"]["total"] == 2


def test_an_update_waits_for_twelve_hours_after_the_last_change(api: httpx.Client) -> None:
    body = {"data_path": [FILE | {"device_type": 3}]}
    assert "12 hours" in refusal(api.put(AUDIENCE, json=body | {"ta_id": created(api)}))
    preset = {"provider": "mintegral", "account": "acme", "audience": VALID, "age_s": DAY_S}
    (old,) = api.post("/_sandbox/audiences", json=preset).json()["ids"]
    assert api.put(AUDIENCE, json=body | {"ta_id": int(old)}).json()["data"] == {"ta_id": int(old)}
    assert "12 hours" in refusal(api.put(AUDIENCE, json=body | {"ta_id": int(old)}))
    (shown,) = api.get(AUDIENCE, params={"ta_ids": old}).json()["data"]["list"]
    assert shown["device_type"] == "3"
    assert shown["utime"] - shown["ctime"] >= DAY_S


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ta_id": "1148", "data_path": [FILE]},
        {"ta_id": 1, "data_path": [FILE]},
        {"ta_id": 1, "data_path": []},
    ],
)
def test_an_update_that_is_wrong_is_refused(api: httpx.Client, body: dict[str, Any]) -> None:
    assert refusal(api.put(AUDIENCE, json=body))


def test_a_delete_takes_a_list_and_answers_null(api: httpx.Client) -> None:
    ids = [created(api), created(api)]
    answer = api.request("DELETE", AUDIENCE, json={"ta_id": ids})
    assert answer.json() == {"code": 200, "message": "success", "data": None}
    assert api.get(AUDIENCE).json()["data"]["total"] == 0
    assert "does not exist" in refusal(api.request("DELETE", AUDIENCE, json={"ta_id": ids}))


@pytest.mark.parametrize("body", [{}, {"ta_id": 1148}, {"ta_id": ["1148"]}, {"ta_id": []}])
def test_a_delete_without_a_list_of_numbers_is_refused(api: httpx.Client, body: dict[str, Any]) -> None:
    assert "ta_id" in refusal(api.request("DELETE", AUDIENCE, json=body))


def test_an_unknown_path_and_method_answer_in_the_envelope(api: httpx.Client) -> None:
    assert api.get("/api/open/v1/nothing").json()["code"] == 404
    assert api.patch(AUDIENCE).json()["code"] == 405
