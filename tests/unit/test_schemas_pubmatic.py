"""Which payloads PubMatic's operations take."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.problem import Problem
from schemas.pubmatic import PAYLOADS
from schemas.wire import problems_of

OWN = {"accountType": "PUBLISHER", "accountId": 27332341}
CLIENT = {"accountType": "DATA_PROVIDER_CLIENT", "clientId": "345343", "dataProviderId": 383}
SIMPLE = {**OWN, "name": "Travel", "dataProviderId": "383", "providerAudienceId": "7"}
COMPLEX = {**OWN, "name": "Travel", "queryInfix": "(,383:7,AND,383:9,)"}
GET = {**OWN, "audienceId": 475332}


def problems(operation: str, payload: dict[str, Any]) -> list[Problem]:
    try:
        PAYLOADS[operation].model_validate(payload)
    except ValidationError as error:
        return list(problems_of(error))
    return []


def pointers(operation: str, payload: dict[str, Any]) -> set[str]:
    return {problem.pointer for problem in problems(operation, payload)}


def without(payload: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name not in names}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"accountType": "BUYER"},
        {"accountType": "DEMAND_PARTNER"},
        {"accountId": "27332341"},
        {"accountId": 27332341.0},
        {"dataProviderId": 383},
        {"name": "n" * 256},
        {"description": "d" * 1024, "definition": "d" * 1024},
        {"description": "", "definition": ""},
        {"providerAudienceId": "p" * 256, "transferCode": "t" * 256},
        {"price": 0},
        {"price": 12344},
        {"price": 0.25},
        {"price": "1.0"},
        {"price": "0"},
        {"enabled": 0, "private": 1, "enabledForAIMTag": 0},
        {"description": None, "queryInfix": None, "enabled": None},
        {**CLIENT},
        {**CLIENT, "clientId": "c" * 1024, "accountId": None},
    ],
    ids=str,
)
def test_a_simple_audience_passes(changed: dict[str, Any]) -> None:
    assert problems("create_audience", {**SIMPLE, **changed}) == []


@pytest.mark.parametrize(
    "query",
    [
        "(,383:7,)",
        "(383:7)",
        "(,383:7,AND,383:9,OR,180:asd12345678,)",
        "(383:7,AND,383:9)",
        "(,(,383:7,AND,383:9,),OR,180:a,)",
        "((383:7,AND,383:9)OR(180:a,OR,180:b))",
        "(,383:7,),AND,(,383:9,)",
        "(,383:Male-18_24,AND,383:ü,)",
    ],
)
def test_a_balanced_query_of_audience_ids_passes(query: str) -> None:
    assert problems("create_audience", {**COMPLEX, "queryInfix": query}) == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "383:7",
        "383:7,AND,383:9",
        "()",
        "(,)",
        "(,383,)",
        "(,:7,)",
        "(,383:,)",
        "(,dp:7,)",
        "(,383:7,AND,)",
        "(,AND,383:7,)",
        "(,383:7,383:9,)",
        "(,383:7,and,383:9,)",
        "(,383:7,NOT,383:9,)",
        "(,383:7 AND 383:9,)",
        "(,383:7,,AND,383:9,)",
        "(,,383:7,)",
        "((,383:7,)",
        "(,383:7,))",
        "(,383:7,)),AND,((,383:9,)",
        "(,383:7,)\n",
        "(" * 100_000,
        "(,383:7" + ",AND,383:7" * 20_000,
        7,
    ],
    ids=lambda each: repr(each)[:24],
)
def test_any_other_query_is_refused(query: object) -> None:
    assert pointers("create_audience", {**COMPLEX, "queryInfix": query}) == {"/queryInfix"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "n" * 257),
        ("name", 7),
        ("description", "d" * 1025),
        ("definition", "d" * 1025),
        ("providerAudienceId", "p" * 257),
        ("providerAudienceId", ""),
        ("providerAudienceId", 7),
        ("transferCode", "t" * 257),
        ("clientId", "c" * 1025),
        ("clientId", 345343),
        ("accountId", "27a"),
        ("accountId", -1),
        ("accountId", 1.5),
        ("accountId", True),
        ("accountId", "9" * 19),
        ("dataProviderId", "٣٨٣"),
        ("accountType", "publisher"),
        ("accountType", 4),
        ("accountType", ["PUBLISHER"]),
        ("price", -0.01),
        ("price", "-1"),
        ("price", "1e3"),
        ("price", ""),
        ("price", True),
        ("price", "free"),
        ("enabledForAIMTag", 2),
    ],
)
def test_a_field_beyond_its_limits_is_named(field: str, value: object) -> None:
    assert pointers("create_audience", {**SIMPLE, field: value}) == {f"/{field}"}


@pytest.mark.parametrize("field", ["enabled", "private"])
@pytest.mark.parametrize("value", ["", "0", "1", 2, -1, True, False, 0.5, [], "yes"])
def test_what_pubmatic_would_silently_turn_into_1_is_refused(field: str, value: object) -> None:
    assert pointers("create_audience", {**SIMPLE, field: value}) == {f"/{field}"}


@pytest.mark.parametrize("operation", sorted(PAYLOADS))
def test_each_operation_wants_to_know_whose_audience_it_is(operation: str) -> None:
    assert "/accountType" in pointers(operation, {})
    own = {"/accountId"}
    assert pointers(operation, {"accountType": "BUYER"}) >= own
    assert not own & pointers(operation, {"accountType": "DATA_PROVIDER_CLIENT"})
    assert pointers(operation, {"accountType": "DATA_PROVIDER_CLIENT"}) >= {"/clientId", "/dataProviderId"}


@pytest.mark.parametrize("absent", [{}, {"accountId": None}])
def test_an_account_id_that_is_null_is_missing(absent: dict[str, None]) -> None:
    [problem] = problems("get_audience", {"accountType": "PUBLISHER", "audienceId": 1, **absent})
    assert problem.expected == "required when accountType is one of PUBLISHER, DEMAND_PARTNER, BUYER"


@pytest.mark.parametrize("missing", ["dataProviderId", "providerAudienceId"])
def test_a_simple_audience_has_both_ids(missing: str) -> None:
    assert pointers("create_audience", without(SIMPLE, missing)) == {f"/{missing}"}


def test_an_audience_is_simple_or_complex_never_both() -> None:
    both = {**SIMPLE, "queryInfix": "(,383:7,)"}
    assert pointers("create_audience", both) == {"/dataProviderId", "/providerAudienceId"}


def test_a_complex_audience_of_a_client_names_the_data_provider_that_knows_the_client() -> None:
    of_a_client = {**without(COMPLEX, "accountId"), **CLIENT}
    assert problems("create_audience", of_a_client) == []
    assert pointers("create_audience", without(of_a_client, "dataProviderId")) == {"/dataProviderId"}


@pytest.mark.parametrize("wrong", ["accountTypeId", "account_type"])
def test_a_name_the_document_uses_by_mistake_is_answered_with_the_right_one(wrong: str) -> None:
    [required, unknown] = problems("create_audience", {**without(COMPLEX, "accountType"), wrong: "PUBLISHER"})
    assert required == Problem("/accountType", "required")
    assert unknown == Problem(f"/{wrong}", "not given: send accountType")


def test_rules_between_fields_are_answered_together_with_wrong_fields() -> None:
    payload = {"accountType": "DATA_PROVIDER_CLIENT", "name": "", "enabled": "yes", "more": 1}
    assert pointers("create_audience", payload) == {
        "/name",
        "/enabled",
        "/more",
        "/clientId",
        "/dataProviderId",
        "/providerAudienceId",
    }


@pytest.mark.parametrize("audience_id", [475332, "475332"])
def test_an_audience_is_got_by_its_id(audience_id: object) -> None:
    assert problems("get_audience", {**GET, "audienceId": audience_id}) == []
    assert problems("get_audience", {**CLIENT, "audienceId": audience_id}) == []


@pytest.mark.parametrize("audience_id", [None, "", "x", -1, [1]])
def test_an_audience_id_is_a_number(audience_id: object) -> None:
    assert pointers("get_audience", {**GET, "audienceId": audience_id}) == {"/audienceId"}


FILTERS = {
    "audienceType": ["MY_AUDIENCE", "SHARED_AUDIENCE"],
    "id": 7,
    "name": "n",
    "searchKey": "n",
    "providerAudienceId": "7",
    "enabled": 1,
    "private": 0,
    "baseAudience": 1,
    "dataProviderOrganizationName": "n",
    "dataProviderOrganizationId": "7",
    "max_items": 1,
}


def test_a_list_takes_every_documented_filter() -> None:
    assert problems("list_audiences", {**OWN, **FILTERS}) == []


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_a_filter_of_the_wrong_type_is_named(name: str) -> None:
    assert pointers("list_audiences", {**OWN, name: {}}) == {f"/{name}"}


@pytest.mark.parametrize(
    ("types", "pointer"),
    [([], "/audienceType"), (["MINE"], "/audienceType/0"), ("MY_AUDIENCE", "/audienceType")],
)
def test_audience_types_are_a_list_of_the_documented_ones(types: object, pointer: str) -> None:
    assert pointers("list_audiences", {**OWN, "audienceType": types}) == {pointer}


@pytest.mark.parametrize("change", [{"name": "n"}, {"description": ""}, {"price": 0}, {"enabled": 0}])
def test_an_update_changes_at_least_one_field(change: dict[str, Any]) -> None:
    assert problems("update_audience", {**GET, **change}) == []
    assert problems("update_audience", {**GET, **dict.fromkeys(change)}) == [
        Problem("", "at least one of name, description, price, enabled")
    ]


@pytest.mark.parametrize("fixed", ["definition", "private", "providerAudienceId", "queryInfix"])
def test_an_update_changes_no_other_field(fixed: str) -> None:
    assert pointers("update_audience", {**GET, "name": "n", fixed: "x"}) == {f"/{fixed}"}


def test_a_payload_goes_out_under_the_providers_names_as_it_came() -> None:
    payload = PAYLOADS["create_audience"].model_validate({**SIMPLE, "enabledForAIMTag": 1, "price": "1.0"})
    assert payload.model_dump(exclude_none=True) == {**SIMPLE, "enabledForAIMTag": 1, "price": "1.0"}
