"""How the sandbox's PubMatic hands out, rotates and withdraws tokens."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.credentials import PUBMATIC_TOKENS, PUBMATIC_USERS
from sandbox.process import started

TOKEN = "/v1/developer-integrations/developer/token"
REFRESH = "/v1/developer-integrations/developer/refreshToken"
AUDIENCES = "/v1/audience/audiences?accountType=PUBLISHER&accountId=1"
ACME = PUBMATIC_USERS["acme"]
LOG_IN = {"userName": ACME.user_name, "password": ACME.password, "apiProduct": "PUBLISHER"}


@pytest.fixture(scope="module")
def api() -> Iterator[httpx.Client]:
    with started() as url, httpx.Client(base_url=url) as client:
        yield client


def asked_with(api: httpx.Client, token: str) -> httpx.Response:
    return api.get(AUDIENCES, headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})


def is_good(api: httpx.Client, token: str) -> bool:
    return asked_with(api, token).status_code not in (401, 403)


def refreshed(api: httpx.Client, pair: dict[str, Any], **changes: str) -> httpx.Response:
    body = {
        "email": ACME.user_name,
        "apiProduct": "PUBLISHER",
        "refreshToken": pair["refreshToken"],
    } | changes
    return api.put(REFRESH, json=body, headers={"Authorization": f"Bearer {pair['accessToken']}"})


def test_a_log_in_gives_a_pair_of_tokens(api: httpx.Client) -> None:
    pair = api.post(TOKEN, json=LOG_IN).json()
    assert (pair["userEmail"], pair["tokenType"]) == (ACME.user_name, "Bearer")
    assert is_good(api, pair["accessToken"])
    entry = api.get("/_sandbox/ledger", params={"account": "acme"}).json()["entries"][-1]
    assert entry["path"] == "/v1/audience/audiences"


def test_a_refresh_replaces_both_tokens(api: httpx.Client) -> None:
    old = api.post(TOKEN, json=LOG_IN).json()
    new = refreshed(api, old).json()
    assert is_good(api, new["accessToken"])
    assert not is_good(api, old["accessToken"])
    assert refreshed(api, old).status_code == 401
    assert refreshed(api, new).is_success


def test_a_refresh_needs_the_previous_access_token_and_the_right_user(api: httpx.Client) -> None:
    pair = api.post(TOKEN, json=LOG_IN).json()
    assert refreshed(api, pair, email="somebody@sandbox.example").status_code == 401
    assert refreshed(api, pair | {"accessToken": PUBMATIC_TOKENS["acme"]}).status_code == 401
    assert refreshed(api, pair).is_success


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {}),
        (400, LOG_IN | {"apiProduct": ""}),
        (401, LOG_IN | {"password": "wrong"}),
        (401, LOG_IN | {"userName": "nobody@sandbox.example"}),
    ],
)
def test_a_wrong_log_in_is_refused(api: httpx.Client, status: int, body: dict[str, str]) -> None:
    assert api.post(TOKEN, json=body).status_code == status


def test_an_expired_token_says_so_and_can_still_be_refreshed(api: httpx.Client) -> None:
    pair = api.post(TOKEN, json=LOG_IN).json()
    api.post("/_sandbox/credentials", json={"provider": "pubmatic", "account": "acme", "expire": True})
    answer = asked_with(api, pair["accessToken"])
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "access_token_expired")
    assert is_good(api, refreshed(api, pair).json()["accessToken"])


def test_the_201st_generation_in_twenty_minutes_disables_the_account(api: httpx.Client) -> None:
    user = PUBMATIC_USERS["initech"]
    log_in = LOG_IN | {"userName": user.user_name, "password": user.password}
    statuses = [api.post(TOKEN, json=log_in).status_code for _ in range(201)]
    assert statuses == [200] * 200 + [401]
    assert not is_good(api, PUBMATIC_TOKENS["initech"])
    assert is_good(api, PUBMATIC_TOKENS["globex"])


def test_a_token_added_from_outside_is_accepted(api: httpx.Client) -> None:
    added = {"provider": "pubmatic", "account": "hooli", "access_token": "hooli-token"}
    assert api.post("/_sandbox/credentials", json=added).status_code == 201
    assert is_good(api, "hooli-token")


def test_half_a_surrogate_pair_is_a_wrong_password_and_no_crash(api: httpx.Client) -> None:
    body = f'{{"userName": "{ACME.user_name}", "password": "\\ud800", "apiProduct": "PUBLISHER"}}'
    answer = api.post(TOKEN, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 401
