"""How the sandbox goes wrong on demand, and what its ledger says of it."""

import math
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from sandbox.behaviour import Behaviour
from sandbox.credentials import MINTEGRAL_KEYS, PUBMATIC_TOKENS
from sandbox.faults import Action
from sandbox.mintegral.provider import token_for
from sandbox.process import started

AUDIENCES = "/v1/audience/audiences"
PUBLISHER = {"accountType": "PUBLISHER", "accountId": 1}
FRESH = {name: getattr(Behaviour(), name) for name in Behaviour.__slots__}


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


def create(api: httpx.Client, name: str = "one", **more: Any) -> httpx.Response:
    body = PUBLISHER | {"name": name, "dataProviderId": "383", "providerAudienceId": name}
    return api.post(AUDIENCES, json=body, **more)


def fault(api: httpx.Client, **what: Any) -> None:
    answer = api.post("/_sandbox/faults", json=what)
    assert answer.status_code == 201, answer.text


def behave(api: httpx.Client, **options: Any) -> None:
    assert api.patch("/_sandbox/behaviour", json=options).is_success


def last_entry(api: httpx.Client) -> dict[str, Any]:
    entry = api.get("/_sandbox/ledger").json()["entries"][-1]
    assert isinstance(entry, dict)
    return entry


def exists(api: httpx.Client, name: str = "one") -> bool:
    return api.get(AUDIENCES, params=PUBLISHER | {"name": name}).is_success


@pytest.mark.parametrize(
    ("action", "error", "applied"),
    [
        ("reset", httpx.ReadError, False),
        ("hang", httpx.ReadTimeout, False),
        ("commit_then_reset", httpx.ReadError, True),
        ("commit_then_hang", httpx.ReadTimeout, True),
        ("commit_then_truncate", httpx.RemoteProtocolError, True),
    ],
)
def test_an_answer_that_never_comes_leaves_what_was_applied(
    api: httpx.Client, *, action: str, error: type[Exception], applied: bool
) -> None:
    fault(api, action=action, method="POST")
    with pytest.raises(error):
        create(api, timeout=0.5)
    entry = last_entry(api)
    assert (entry["fault"], entry["status"], entry["applied"] is not None) == (action, None, applied)
    assert exists(api) is applied


def test_every_action_is_provoked_by_some_test() -> None:
    assert set(Action) == {
        "reset",
        "hang",
        "commit_then_reset",
        "commit_then_hang",
        "commit_then_truncate",
        "answer",
        "commit_then_answer",
        "drip",
        "delay",
    }


@pytest.mark.parametrize(("action", "applied"), [("answer", False), ("commit_then_answer", True)])
def test_a_scripted_answer_is_sent_as_given(api: httpx.Client, *, action: str, applied: bool) -> None:
    fault(api, action=action, status=429, headers={"Retry-After": "7"}, body={"fault": "x"})
    answer = create(api)
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()) == (429, "7", {"fault": "x"})
    assert exists(api) is applied


def test_a_scripted_text_is_sent_as_it_is(api: httpx.Client) -> None:
    fault(api, action="answer", status=200, body='{"id": 47')
    assert create(api).text == '{"id": 47'


def test_a_dripping_answer_outlasts_every_single_read(api: httpx.Client) -> None:
    fault(api, action="drip", delay_ms=2)
    began = time.monotonic()
    answer = create(api, timeout=0.5)
    assert time.monotonic() - began > 0.5
    assert answer.json()["name"] == "one"


def test_a_delayed_answer_comes_late_but_whole(api: httpx.Client) -> None:
    fault(api, action="delay", delay_ms=150)
    began = time.monotonic()
    assert create(api).is_success
    assert time.monotonic() - began >= 0.15


@pytest.mark.parametrize(
    ("hit", "match"),
    [
        (True, {"method": "POST", "path": AUDIENCES}),
        (True, {"path": "/v1/*", "provider": "pubmatic"}),
        (True, {"name": "one", "account": "acme"}),
        (True, {"contains": '"providerAudienceId":"one"'}),
        (False, {"method": "GET"}),
        (False, {"path": "/v1/audience"}),
        (False, {"name": "two"}),
        (False, {"account": "globex"}),
        (False, {"provider": "mintegral"}),
        (False, {"contains": "two"}),
    ],
)
def test_a_fault_meets_only_what_it_matches(api: httpx.Client, *, hit: bool, match: dict[str, str]) -> None:
    fault(api, action="answer", status=418, **match)
    assert (create(api).status_code == 418) is hit
    assert (api.get("/_sandbox/faults").json()["faults"] == []) is hit


def test_a_fault_skips_and_repeats_as_told_and_tells_what_is_left(api: httpx.Client) -> None:
    fault(api, action="answer", status=503, skip=1, times=3)
    assert [create(api, f"n{number}").status_code for number in range(3)] == [200, 503, 503]
    (unused,) = api.delete("/_sandbox/faults").json()["unused"]
    assert unused["times"] == 1
    assert create(api).is_success


@pytest.mark.parametrize(
    "wrong", [{}, {"action": "explode"}, {"action": "reset", "when": "now"}, {"action": "drip", "times": "2"}]
)
def test_a_fault_that_cannot_be_is_refused_with_a_sentence(api: httpx.Client, wrong: dict[str, Any]) -> None:
    answer = api.post("/_sandbox/faults", json=wrong)
    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)


@pytest.mark.parametrize("wrong", [{"lateny_ms": 1}, {"seed": "x"}, {"error_rate": 2}, {"rate_limit": "5 per second"}])
def test_an_option_that_cannot_be_is_refused_with_a_sentence(api: httpx.Client, wrong: dict[str, Any]) -> None:
    answer = api.patch("/_sandbox/behaviour", json=wrong)
    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)


def test_a_rate_limit_holds_in_every_window_and_answers_when_to_come_back(api: httpx.Client) -> None:
    behave(api, rate_limit="5/s")
    deadline = time.monotonic() + 2.2
    while time.monotonic() < deadline:
        answer = api.get(AUDIENCES, params=PUBLISHER)
        assert answer.status_code != 429 or answer.headers["Retry-After"] == "1"
    entries = api.get("/_sandbox/ledger").json()["entries"]
    admitted = [entry["at_monotonic"] for entry in entries if entry["status"] != 429]
    assert len(admitted) >= 10
    assert all(later - earlier >= 0.98 for earlier, later in zip(admitted, admitted[5:], strict=False))
    assert {entry["fault"] for entry in entries if entry["status"] == 429} == {"rate_limit"}


def test_a_rate_limit_is_of_each_account_and_may_name_one(api: httpx.Client) -> None:
    behave(api, rate_limit="1/h, pubmatic/globex=2/h")
    globex = {"pubToken": PUBMATIC_TOKENS["globex"]}
    assert [create(api, str(number)).status_code for number in range(2)] == [200, 429]
    assert [create(api, f"g{number}", headers=globex).status_code for number in range(3)] == [200, 200, 429]


def test_a_retry_after_may_be_a_date_or_absent(api: httpx.Client) -> None:
    behave(api, rate_limit="1/min", retry_after="http-date")
    create(api)
    wait_s = parsedate_to_datetime(create(api).headers["Retry-After"]).timestamp() - time.time()
    assert 55 < wait_s < 62
    behave(api, retry_after="none")
    assert "Retry-After" not in create(api).headers


@pytest.mark.parametrize(("style", "status"), [("apigee", 429), ("apigee-500", 500)])
def test_pubmatic_may_throttle_as_its_gateway_does(api: httpx.Client, style: str, status: int) -> None:
    behave(api, rate_limit="1/min", pubmatic_throttle=style)
    create(api)
    answer = create(api)
    assert answer.status_code == status
    assert answer.json()["fault"]["detail"]["errorcode"].startswith("policies.ratelimit.")


@pytest.mark.parametrize(("style", "status", "code"), [("http", 429, 429), ("envelope", 200, 0)])
def test_mintegral_may_throttle_by_status_or_by_text_alone(
    api: httpx.Client, style: str, status: int, code: int
) -> None:
    behave(api, rate_limit="1/min", mintegral_throttle=style)
    keys, stamp = MINTEGRAL_KEYS["initech"], str(int(time.time()))
    headers = {"access-key": keys.access_key, "timestamp": stamp, "token": token_for(keys.api_key, stamp)}
    api.get("/api/open/v1/audience", headers=headers)
    answer = api.get("/api/open/v1/audience", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "rate limit" in answer.json()["msg"].lower()


def test_the_same_seed_rolls_the_same_errors_before_anything_is_done(api: httpx.Client) -> None:
    runs = []
    for _ in range(2):
        api.delete("/_sandbox/audiences")
        behave(api, error_rate=0.5, seed=7)
        runs.append([create(api, str(number)).status_code for number in range(40)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500, 503}
    assert len(api.get("/_sandbox/audiences").json()["audiences"]) == runs[0].count(200)


@pytest.mark.parametrize(("lost", "error"), [("hang", httpx.ReadTimeout), ("reset", httpx.ReadError)])
def test_a_timeout_after_commit_loses_the_answer_only(api: httpx.Client, lost: str, error: type[Exception]) -> None:
    behave(api, timeout_after_commit_rate=1, lost_answer=lost)
    with pytest.raises(error):
        create(api, timeout=0.5)
    assert last_entry(api)["applied"] == "475332"
    assert exists(api), "a read commits nothing, so it is answered"


def test_a_hanging_connection_is_ended_in_time(api: httpx.Client) -> None:
    behave(api, hang_s=0.1)
    fault(api, action="hang")
    with pytest.raises(httpx.RemoteProtocolError):
        create(api)


def test_latency_comes_before_every_answer(api: httpx.Client) -> None:
    behave(api, latency_ms=120)
    began = time.monotonic()
    create(api)
    assert time.monotonic() - began >= 0.12


def test_a_new_audience_may_stay_invisible_for_a_while_but_not_to_a_second_create(api: httpx.Client) -> None:
    behave(api, visible_after_ms=60_000)
    made = create(api).json()
    assert not exists(api)
    assert api.get(f"{AUDIENCES}/{made['id']}", params=PUBLISHER).json()[0]["errorCode"] == "CC03_0001"
    assert create(api).json()[0]["errorCode"] == "AUD01_0014"
    behave(api, visible_after_ms=0)
    assert exists(api)


def test_the_ledger_is_read_from_where_one_left_off(api: httpx.Client) -> None:
    before = time.time()
    create(api, "one")
    seen = api.get("/_sandbox/ledger").json()["last_seq"]
    create(api, "two")
    told = api.get("/_sandbox/ledger", params={"since": seen, "provider": "pubmatic", "account": "acme"}).json()
    (entry,) = told["entries"]
    assert (entry["seq"], entry["name"], told["last_seq"]) == (seen + 1, "two", seen + 1)
    assert before - 1 < entry["at"] < time.time() + 1
    assert math.isclose(entry["at_monotonic"], time.monotonic(), abs_tol=5)
    assert entry["ended_monotonic"] >= entry["at_monotonic"]
    api.delete("/_sandbox/ledger")
    assert api.get("/_sandbox/ledger").json() == {"entries": [], "last_seq": seen + 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"provider": "other", "audience": {"name": "x"}},
        {"provider": "pubmatic"},
        {"provider": "pubmatic", "audience": {"name": "x"}},
        {"provider": "mintegral", "audience": {"ta_name": "x"}},
        {"provider": "pubmatic", "audience": {}, "count": 0},
    ],
)
def test_a_preset_that_cannot_be_is_refused_with_a_sentence(api: httpx.Client, wrong: dict[str, Any]) -> None:
    answer = api.post("/_sandbox/audiences", json=wrong)
    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)


def test_a_preset_audience_is_not_a_request(api: httpx.Client) -> None:
    body = PUBLISHER | {"name": "base", "dataProviderId": 383, "providerAudienceId": "b"}
    assert api.post("/_sandbox/audiences", json={"provider": "pubmatic", "audience": body}).status_code == 201
    assert api.get("/_sandbox/ledger").json()["entries"] == []
    (shown,) = api.get("/_sandbox/audiences", params={"provider": "pubmatic"}).json()["audiences"]
    assert (shown["id"], shown["name"], shown["account"]) == ("475332", "base", "preset")
