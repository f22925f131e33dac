"""Which number is sent for each kind of device ID, and what is said to a table that cannot be?"""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from workers.providers.mintegral.config import MintegralConfig
from workers.providers.mintegral.device_types import DEFAULTS, as_sent, differences, kinds

KEYS = {"access_key": {"env": "K"}, "api_key": {"env": "A"}}


def table_of(table: dict[str, Any] | None = None, account: dict[str, Any] | None = None) -> dict[str, int]:
    fields: dict[str, Any] = {} if table is None else {"device_types": table}
    own = {} if account is None else {"device_types": account}
    config = MintegralConfig.model_validate(fields | {"accounts": {"acme": KEYS | own}})
    return dict(config.accounts["acme"].device_types)


def test_without_a_table_the_numbers_are_the_pages() -> None:
    assert table_of() == dict(DEFAULTS)
    assert [as_sent(number, DEFAULTS) for number in (1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13)] == [
        1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 10, 11,
    ]  # fmt: skip


def test_an_account_stands_over_its_provider_and_both_over_the_page() -> None:
    assert table_of({"IDFV": 12, "IDFV_MD5": 13}) == DEFAULTS | {"IDFV": 12, "IDFV_MD5": 13}
    assert table_of({"IDFV": 12, "IDFV_MD5": 13}, {"IDFV": 14}) == DEFAULTS | {"IDFV": 14, "IDFV_MD5": 13}
    assert table_of(None, {"OAID": 5}) == DEFAULTS | {"OAID": 5}


@pytest.mark.parametrize(
    ("table", "account", "sentence"),
    [
        ({"IDVF": 12}, None, "no such device type: IDVF; there are IMEI, IDFA, GAID, OAID, IMEI_MD5"),
        (None, {"idfv": 12}, "no such device type: idfv"),
        ({"IDFV": 11}, None, "IDFV and IDFV_MD5 have the same number, 11"),
        ({"IDFV": 0}, None, "greater than or equal to 1"),
        ({"IDFV": "12"}, None, "valid integer"),
        ({"IDFV": True}, None, "valid integer"),
        (None, {"IDFV": 1.5}, "valid integer"),
    ],
)
def test_a_table_that_cannot_be_is_refused(
    table: dict[str, Any] | None, account: dict[str, Any] | None, sentence: str
) -> None:
    with pytest.raises(ValidationError, match=sentence):
        table_of(table, account)


@pytest.mark.parametrize("wrong", [1, ["IDFV"]])
def test_what_is_no_table_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        MintegralConfig.model_validate({"device_types": wrong, "accounts": {"acme": KEYS}})
    with pytest.raises(ValidationError):
        MintegralConfig.model_validate({"accounts": {"acme": KEYS | {"device_types": wrong}}})
    with pytest.raises(ValidationError):
        MintegralConfig.model_validate({"device_types": {"IDFV": 12}, "accounts": {"acme": wrong}})


def test_each_difference_is_said_once() -> None:
    assert differences([2, 10, 11], DEFAULTS) == ()
    assert differences([12, 12, 2], DEFAULTS) == ("device_type 12 (IDFV) is sent as 10, its number in device_types",)


def test_all_numbers_of_a_kind_are_one() -> None:
    ours = DEFAULTS | {"IDFV": 20}
    assert kinds([10, 12, 20], ours) == kinds([12], ours) == {"IDFV"}
    assert kinds([10], ours) != kinds([11], ours)
    assert kinds(5, ours) == {"5"}
    assert kinds([2, "x", None, [1]], ours) == {"IDFA", "x", "None", "[1]"}
