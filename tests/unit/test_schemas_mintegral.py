"""Which payloads Mintegral's audience operations take."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.mintegral import PAYLOADS
from schemas.wire import problems_of

DATA_PATH = [{"device_type": 2, "data_path": "s3://bucket/test.txt"}]
FILES = [{"device_type": 2, "file": "idfa.txt.gz"}]
CREATE = {"ta_name": "test", "area_type": 1, "platform": 2, "data_path": DATA_PATH}
VALID: dict[str, dict[str, Any]] = {
    "create_audience": CREATE,
    "update_audience": {"ta_id": 1148, "data_path": DATA_PATH},
    "list_audiences": {"ta_ids": [1148], "ta_name": "test", "platform": 3, "max_items": 1},
    "delete_audience": {"ta_id": [1148, 4734]},
    "upload_audience_file": {"file": "idfa.txt.gz", "area_type": 1},
}


def pointers(operation: str, payload: dict[str, Any]) -> set[str]:
    try:
        PAYLOADS[operation].model_validate(payload)
    except ValidationError as error:
        return {problem.pointer for problem in problems_of(error)}
    return set()


@pytest.mark.parametrize("operation", sorted(PAYLOADS))
def test_a_payload_as_documented_passes(operation: str) -> None:
    assert pointers(operation, VALID[operation]) == set()


@pytest.mark.parametrize("operation", sorted(PAYLOADS))
def test_a_field_nobody_knows_is_refused(operation: str) -> None:
    assert pointers(operation, {**VALID[operation], "ta_type": 1}) == {"/ta_type"}


@pytest.mark.parametrize(
    ("operation", "field"),
    [(operation, field) for operation in sorted(set(PAYLOADS) - {"list_audiences"}) for field in VALID[operation]],
)
def test_all_fields_but_a_lists_are_required(operation: str, field: str) -> None:
    payload = VALID[operation]
    assert pointers(operation, {name: each for name, each in payload.items() if name != field}) == {f"/{field}"}
    assert pointers(operation, {**payload, field: None}) == {f"/{field}"}


def test_a_list_needs_no_filter() -> None:
    assert pointers("list_audiences", {}) == set()


@pytest.mark.parametrize("device_type", [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 2.0])
def test_each_documented_device_type_passes(device_type: object) -> None:
    data_path = [{"device_type": device_type, "data_path": "s3://b/f"}]
    assert pointers("create_audience", {**CREATE, "data_path": data_path}) == set()


@pytest.mark.parametrize("device_type", [0, 5, 14, "2", True, 2.5, None])
def test_any_other_device_type_is_refused(device_type: object) -> None:
    data_path = [*DATA_PATH, {"device_type": device_type, "data_path": "s3://b/f"}]
    assert pointers("create_audience", {**CREATE, "data_path": data_path}) == {"/data_path/1/device_type"}


@pytest.mark.parametrize("operation", ["create_audience", "update_audience"])
def test_either_uploaded_files_or_files_to_upload(operation: str) -> None:
    payload = VALID[operation]
    assert pointers(operation, {**payload, "data_path": None, "files": FILES}) == set()
    assert pointers(operation, {**payload, "files": None}) == set()
    assert pointers(operation, {**payload, "files": FILES}) == {"/files"}
    assert pointers(operation, {**payload, "data_path": None}) == {"/data_path"}


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("ta_name", "", "/ta_name"),
        ("ta_name", 7, "/ta_name"),
        ("area_type", 2, "/area_type"),
        ("area_type", True, "/area_type"),
        ("area_type", "1", "/area_type"),
        ("platform", 0, "/platform"),
        ("platform", 4, "/platform"),
        ("platform", True, "/platform"),
        ("data_path", [], "/data_path"),
        ("data_path", "s3://b/f", "/data_path"),
        ("data_path", ["s3://b/f"], "/data_path/0"),
        ("data_path", [{"device_type": 2, "data_path": ""}], "/data_path/0/data_path"),
        ("data_path", [{"device_type": 2, "file": "f"}], "/data_path/0/data_path"),
    ],
)
def test_a_wrong_value_is_named_by_its_place(field: str, value: object, pointer: str) -> None:
    assert pointer in pointers("create_audience", {**CREATE, field: value})


@pytest.mark.parametrize("ids", [[], 1148, ["1148"], [0], [True], [1.5]])
def test_ids_are_a_list_of_numbers(ids: object) -> None:
    assert pointers("delete_audience", {"ta_id": ids})
    assert pointers("list_audiences", {"ta_ids": ids})


def test_all_that_is_wrong_is_named_at_once() -> None:
    payload = {"ta_name": "", "platform": 9, "data_path": [{"device_type": 5}], "files": FILES, "x": 1}
    assert pointers("create_audience", payload) == {
        "/ta_name",
        "/area_type",
        "/platform",
        "/data_path/0/device_type",
        "/data_path/0/data_path",
        "/files",
        "/x",
    }
