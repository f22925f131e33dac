"""What the sandbox's PubMatic answers to audience calls, code by documented code."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.credentials import PUBMATIC_TOKENS
from sandbox.process import started
from sandbox.pubmatic.accounts import NOT_WITH_CLIENT, NOT_WITH_PUBLISHER
from sandbox.pubmatic.errors import TEXTS

AUDIENCES = "/v1/audience/audiences"
PUBLISHER = {"accountType": "PUBLISHER", "accountId": 27332341}
CLIENT = {"accountType": "DATA_PROVIDER_CLIENT", "clientId": "345343"}
SIMPLE = PUBLISHER | {
    "name": "Travel Enthusiasts",
    "description": "test",
    "dataProviderId": "383",
    "definition": "Male AND AGE < 24",
    "providerAudienceId": "7",
    "transferCode": "14232323",
    "price": "1.0",
}
COMPLEX = {
    "accountId": 27332341,
    "accountTypeId": "PUBLISHER",
    "name": "Both",
    "queryInfix": "(,383:7,AND,383:8,)",
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with started() as url:
        yield url


@pytest.fixture
def api(url: str) -> Iterator[httpx.Client]:
    headers = {"pubToken": PUBMATIC_TOKENS["acme"], "Content-Type": "application/json"}
    with httpx.Client(base_url=url, headers=headers) as client:
        client.delete("/_sandbox/audiences")
        client.delete("/_sandbox/ledger")
        yield client


@pytest.fixture
def two(api: httpx.Client) -> list[dict[str, Any]]:
    """The base audiences 383:7 and 383:8."""
    return [api.post(AUDIENCES, json=SIMPLE | {"providerAudienceId": pid}).json() for pid in ("7", "8")]


def codes(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 400, answer.text
    assert all(error["errorMessage"] for error in answer.json())
    return [error["errorCode"] for error in answer.json()]


def without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


CREATES: list[tuple[str, dict[str, Any]]] = [
    ("AUD01_0003", {}),
    ("AUD01_0004", without(SIMPLE, "accountId", "accountType")),
    ("AUD01_0005", SIMPLE | {"dataProviderId": "adobe"}),
    ("AUD01_0005", without(SIMPLE, "dataProviderId")),
    ("AUD01_0008", without(SIMPLE, "name")),
    ("AUD01_0008", SIMPLE | {"name": ""}),
    ("AUD01_0008", SIMPLE | {"name": "x" * 257}),
    ("AUD01_0009", SIMPLE | {"description": "x" * 1025}),
    ("AUD01_0010", without(SIMPLE, "providerAudienceId")),
    ("AUD01_0010", SIMPLE | {"providerAudienceId": "x" * 257}),
    ("AUD01_0011", SIMPLE | {"definition": "x" * 1025}),
    ("AUD01_0012", SIMPLE | {"transferCode": "x" * 257}),
    ("AUD01_0013", SIMPLE | {"dataProviderId": NOT_WITH_PUBLISHER}),
    ("AUD01_0014", SIMPLE | {"name": "another name, the same identity"}),
    ("AUD01_0026", without(SIMPLE, "accountId") | {"accountType": "DATA_PROVIDER_CLIENT"}),
    ("AUD01_0026", SIMPLE | CLIENT | {"clientId": "x" * 1025}),
    ("AUD01_0031", SIMPLE | CLIENT | {"dataProviderId": NOT_WITH_CLIENT}),
    ("AUD01_0034", COMPLEX | {"queryInfix": "(,383:7,AND,383:216804393,)"}),
    ("AUD01_0034", COMPLEX | {"queryInfix": "(,383:7,NOT,383:8,)"}),
    ("AUD01_0034", COMPLEX | {"queryInfix": "383:7,AND,383:8"}),
    ("AUD01_0034", COMPLEX | {"queryInfix": "(,383:7,AND,(,383:8,)"}),
    ("AUD01_0035", COMPLEX | {"name": "taken"}),
    ("AUD01_0036", without(SIMPLE, "accountId")),
    ("AUD01_0037", without(SIMPLE, "accountType")),
    ("AUD01_0037", SIMPLE | {"accountType": "OWNER"}),
    ("AUD01_0037", without(COMPLEX, "accountTypeId")),
    ("AUD01_0153", SIMPLE | {"price": "-0.5"}),
]


@pytest.mark.parametrize(("code", "body"), CREATES)
@pytest.mark.usefixtures("two")
def test_a_create_that_breaks_a_documented_rule_hears_its_code(
    api: httpx.Client, code: str, body: dict[str, Any]
) -> None:
    api.post(AUDIENCES, json=COMPLEX | {"name": "taken"})
    assert code in codes(api.post(AUDIENCES, json=body))


def test_every_documented_code_is_provoked_by_some_request() -> None:
    assert {code for code, _ in CREATES} | {"CC03_0001"} == set(TEXTS)


def test_all_that_is_wrong_is_said_at_once(api: httpx.Client) -> None:
    body = SIMPLE | {"name": "", "description": "x" * 1025, "dataProviderId": "", "price": -1}
    assert codes(api.post(AUDIENCES, json=body)) == ["AUD01_0005", "AUD01_0008", "AUD01_0009", "AUD01_0153"]


def test_a_body_that_is_no_json_object_is_no_audience(api: httpx.Client) -> None:
    for body in ("", "[]", '"x"', "{", '{"price": NaN}', "null"):
        assert codes(api.post(AUDIENCES, content=body)) == ["AUD01_0003"]


@pytest.mark.parametrize("longest", [{"name": "x" * 256}, {"description": "x" * 1024}, {"transferCode": "x" * 256}])
def test_the_longest_allowed_text_is_accepted(api: httpx.Client, longest: dict[str, str]) -> None:
    assert api.post(AUDIENCES, json=SIMPLE | longest).is_success


def test_a_simple_audience_comes_back_in_the_types_of_the_sample(api: httpx.Client) -> None:
    made = api.post(AUDIENCES, json=SIMPLE).json()
    assert (
        made.items()
        >= {
            "name": "Travel Enthusiasts",
            "enabled": 1,
            "private": 1,
            "accountId": 27332341,
            "accountType": "PUBLISHER",
            "dataProviderId": 383,
            "providerAudienceId": "7",
            "clientId": "345343",
            "audienceGroupId": "1",
            "dataTypeId": "-1",
            "queryPostfix": "383:7",
            "queryInfix": "(383:7)",
            "uniqueAudiences": "383:7",
            "price": "1.0",
        }.items()
    )
    assert isinstance(made["id"], int)


def test_a_complex_audience_comes_back_without_many_fields(api: httpx.Client, two: list[Any]) -> None:
    made = api.post(AUDIENCES, json=COMPLEX).json()
    assert made["accountTypeId"] == 4
    assert made["queryInfix"] == COMPLEX["queryInfix"]
    assert made["dataProviderId"] == "383"
    assert two[0]["name"] in made["definition"]
    missing = "description accountType clientId providerAudienceId transferCode queryPostfix uniqueAudiences price"
    assert not set(missing.split()) & set(made)


@pytest.mark.parametrize("invalid", ["", "yes", None, 2, True])
def test_what_is_no_flag_silently_enables_and_makes_private(api: httpx.Client, invalid: object) -> None:
    made = api.post(AUDIENCES, json=SIMPLE | {"enabled": invalid, "private": invalid}).json()
    assert (made["enabled"], made["private"]) == (1, 1)
    zero = api.post(AUDIENCES, json=SIMPLE | {"providerAudienceId": "9", "enabled": 0, "private": "0"}).json()
    assert (zero["enabled"], zero["private"]) == (0, 0)


def test_a_missing_transfer_code_is_the_provider_audience_id(api: httpx.Client) -> None:
    assert api.post(AUDIENCES, json=without(SIMPLE, "transferCode")).json()["transferCode"] == "7"


def test_an_account_and_its_client_name_see_the_same_audience(api: httpx.Client) -> None:
    made = api.post(AUDIENCES, json=SIMPLE).json()
    path = f"{AUDIENCES}/{made['id']}"
    by_account = api.get(path, params=PUBLISHER).json()
    by_client = api.get(path, params=CLIENT | {"dataProviderId": 383}).json()
    assert by_account == by_client
    assert by_account["queryInfix"] == "(,383:7,)"
    assert by_account["accountType"] == "PUBLISHER"


@pytest.mark.parametrize(
    ("expected", "asked"),
    [
        (["AUD01_0037", "AUD01_0004"], {}),
        (["AUD01_0037"], {"accountId": 1}),
        (["AUD01_0036"], PUBLISHER | {"accountId": "abc"}),
        (["AUD01_0026", "AUD01_0005"], {"accountType": "DATA_PROVIDER_CLIENT"}),
        (["AUD01_0005"], CLIENT),
        (["CC03_0001"], PUBLISHER),
        (["CC03_0001"], CLIENT | {"dataProviderId": 383}),
    ],
)
@pytest.mark.parametrize("path", [AUDIENCES, f"{AUDIENCES}/1"])
def test_a_question_that_is_wrong_or_finds_nothing_hears_why(
    api: httpx.Client, path: str, asked: dict[str, Any], expected: list[str]
) -> None:
    assert codes(api.get(path, params=asked)) == expected


def test_the_two_examples_without_an_account_id_disagree(api: httpx.Client) -> None:
    asked = {"accountType": "PUBLISHER"}
    assert codes(api.get(AUDIENCES, params=asked)) == ["AUD01_0036"]
    assert codes(api.get(f"{AUDIENCES}/162534", params=asked)) == ["AUD01_0026"]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["one", "two", "three", "one and two"]),
        ({"id": "475333"}, ["two"]),
        ({"name": "two"}, ["two"]),
        ({"searchKey": "ONE"}, ["one", "one and two"]),
        ({"searchKey": "475334"}, ["three"]),
        ({"providerAudienceId": "p3"}, ["three"]),
        ({"providerAudienceId": "p2", "dataProviderId": "383"}, ["two"]),
        ({"dataProviderId": "384"}, ["three"]),
        ({"enabled": "0"}, ["two"]),
        ({"private": "0"}, ["one"]),
        ({"baseAudience": "1"}, ["one", "two", "three"]),
        ({"baseAudience": "0"}, ["one and two"]),
        ({"dataProviderOrganizationId": "384"}, ["three"]),
        ({"dataProviderOrganizationName": "Some data provider"}, ["one", "two", "one and two"]),
        ({"audienceType": "SHARED_AUDIENCE"}, ["somebody's"]),
        (
            {"audienceType": ["MY_AUDIENCE", "SHARED_AUDIENCE"], "enabled": "1", "private": "0"},
            ["one", "somebody's"],
        ),
        ({"audienceType": "ALL_AUDIENCE", "searchKey": "some"}, ["somebody's"]),
    ],
)
def test_every_documented_filter_filters(api: httpx.Client, filters: dict[str, Any], names: list[str]) -> None:
    for name, more in {
        "one": {"providerAudienceId": "p1", "private": 0},
        "two": {"providerAudienceId": "p2", "enabled": 0},
        "three": {"providerAudienceId": "p3", "dataProviderId": 384},
    }.items():
        api.post(AUDIENCES, json=SIMPLE | {"name": name} | more)
    api.post(AUDIENCES, json=COMPLEX | {"name": "one and two", "queryInfix": "(,383:p1,OR,383:p2,)"})
    api.post(AUDIENCES, json=SIMPLE | {"name": "somebody's", "accountId": 5, "private": 0})
    found = api.get(AUDIENCES, params=PUBLISHER | filters)
    assert [one["name"] for one in found.json()] == names


def test_a_list_that_fits_is_a_bare_array_without_prices(api: httpx.Client, two: list[Any]) -> None:
    listed = api.get(AUDIENCES, params=PUBLISHER).json()
    assert [one["id"] for one in listed] == [one["id"] for one in two]
    assert "price" not in listed[0]


@pytest.mark.usefixtures("two")
def test_a_page_has_metadata_in_strings_and_items_of_other_types(api: httpx.Client) -> None:
    page = api.get(AUDIENCES, params=PUBLISHER | {"pageNumber": 2, "pageSize": 1}).json()
    assert page["metaData"] == {
        "endRecordNumber": "2",
        "startRecordNumber": "2",
        "pageSize": "1",
        "pageNumber": "2",
        "numberOfPages": "2",
        "totalRecords": "2",
    }
    (item,) = page["items"]
    assert (item["price"], item["dataProviderId"], item["audienceGroupId"], item["favourite"]) == (
        1,
        "383",
        1,
        "FALSE",
    )
    assert item["longName"] == item["name"]
    assert codes(api.get(AUDIENCES, params=PUBLISHER | {"pageNumber": 3, "pageSize": 1})) == ["CC03_0001"]


def test_a_list_that_does_not_fit_comes_in_pages_unasked(api: httpx.Client) -> None:
    preset = {"provider": "pubmatic", "audience": SIMPLE, "count": 230}
    assert len(api.post("/_sandbox/audiences", json=preset).json()["ids"]) == 230
    first = api.get(AUDIENCES, params=PUBLISHER).json()
    assert first["metaData"]["numberOfPages"] == "3"
    asked = PUBLISHER | {"pageSize": 1000}
    pages = [api.get(AUDIENCES, params=asked | {"pageNumber": number}).json() for number in (1, 2, 3)]
    assert [len(page["items"]) for page in pages] == [100, 100, 30]
    assert len({item["id"] for page in pages for item in page["items"]}) == 230


def test_an_update_changes_four_fields_and_no_other(api: httpx.Client, two: list[Any]) -> None:
    changes = {
        "name": "new",
        "description": "d",
        "price": 2,
        "enabled": 0,
        "private": 0,
        "transferCode": "no",
    }
    changed = api.patch(f"{AUDIENCES}/{two[0]['id']}", params=PUBLISHER, json=changes).json()
    assert {name: changed[name] for name in changes} == {
        "name": "new",
        "description": "d",
        "price": "2.0",
        "enabled": 0,
        "private": 1,
        "transferCode": "14232323",
    }
    also = api.patch(f"{AUDIENCES}/{two[0]['id']}", json=PUBLISHER | {"enabled": "maybe"})
    assert also.json()["enabled"] == 1


@pytest.mark.parametrize(
    ("expected", "audience_id", "body"),
    [
        ("AUD01_0003", 475332, {}),
        ("AUD01_0008", 475332, {"name": ""}),
        ("AUD01_0009", 475332, {"description": "x" * 1025}),
        ("AUD01_0153", 475332, {"price": -1}),
        ("AUD01_0035", 475335, {"name": "taken"}),
        ("CC03_0001", 1, {"enabled": 0}),
        ("CC03_0001", "abc", {"enabled": 0}),
    ],
)
@pytest.mark.usefixtures("two")
def test_an_update_that_is_wrong_hears_its_code(
    api: httpx.Client, expected: str, audience_id: object, body: dict[str, Any]
) -> None:
    api.post(AUDIENCES, json=COMPLEX | {"name": "taken"})
    assert api.post(AUDIENCES, json=COMPLEX).json()["id"] == 475335
    assert codes(api.patch(f"{AUDIENCES}/{audience_id}", params=PUBLISHER, json=body)) == [expected]


def test_nobody_updates_an_audience_of_another_account(api: httpx.Client, two: list[Any]) -> None:
    asked = PUBLISHER | {"accountId": 5}
    assert codes(api.patch(f"{AUDIENCES}/{two[0]['id']}", params=asked, json={"enabled": 0})) == ["CC03_0001"]


@pytest.mark.parametrize("headers", [{"pubToken": "wrong"}, {"Authorization": "Bearer wrong"}, {}])
def test_a_wrong_or_missing_token_is_refused(url: str, headers: dict[str, str]) -> None:
    answer = httpx.get(f"{url}{AUDIENCES}", params=PUBLISHER, headers={"Content-Type": "application/json"} | headers)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "AUTH_FAILED")


def test_a_bearer_token_is_as_good(url: str) -> None:
    headers = {"Authorization": f"Bearer {PUBMATIC_TOKENS['acme']}", "Content-Type": "application/json"}
    assert httpx.get(f"{url}{AUDIENCES}", params=PUBLISHER, headers=headers).status_code in (200, 400)


def test_an_account_without_the_api_is_forbidden(api: httpx.Client) -> None:
    answer = api.get(AUDIENCES, params=PUBLISHER, headers={"pubToken": PUBMATIC_TOKENS["unsubscribed"]})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "AUTHZ_FAILED")


def test_the_content_type_is_required_even_of_a_get(url: str) -> None:
    headers = {"pubToken": PUBMATIC_TOKENS["acme"]}
    assert httpx.get(f"{url}{AUDIENCES}", params=PUBLISHER, headers=headers).status_code == 415
    assert httpx.post(f"{url}{AUDIENCES}", content=b"{}", headers=headers).status_code == 415


@pytest.mark.parametrize("path", ["/v1/audiences", "/v1/audience/audiences/", "/v1/", "/v1/audience/audiences/1/2"])
def test_a_wrong_path_is_a_soap_fault_with_status_500(api: httpx.Client, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 500
    assert answer.headers["Content-Type"].startswith("text/xml")
    assert "soap:Fault" in answer.text


def test_a_wrong_method_is_not_allowed_and_the_root_not_found(api: httpx.Client) -> None:
    assert api.delete(f"{AUDIENCES}/1").status_code == 405
    assert api.get("/").status_code == 404


def test_the_ledger_tells_what_was_applied_and_never_the_token(api: httpx.Client) -> None:
    made = api.post(AUDIENCES, json=SIMPLE).json()
    api.post(AUDIENCES, json=SIMPLE)
    told = api.get("/_sandbox/ledger", params={"provider": "pubmatic"})
    assert [
        (entry["method"], entry["path"], entry["account"], entry["name"], entry["status"], entry["applied"])
        for entry in told.json()["entries"]
    ] == [
        ("POST", AUDIENCES, "acme", "Travel Enthusiasts", 200, str(made["id"])),
        ("POST", AUDIENCES, "acme", "Travel Enthusiasts", 400, None),
    ]
    assert PUBMATIC_TOKENS["acme"] not in told.text
