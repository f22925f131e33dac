"""What is said to a Mintegral job that brings files, which this release does not upload?"""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.wire import problems_of
from workers.providers.mintegral import PROVIDER

AUDIENCE = {"ta_name": "a", "area_type": 1, "platform": 2}
FILES = [{"device_type": 2, "file": "idfa.csv"}]
DATA_PATH = [{"device_type": 2, "data_path": "s3://b/idfa.csv"}]


@pytest.mark.parametrize(
    ("more", "problems"),
    [
        ({}, {"/data_path": "required: this release uploads no files"}),
        (
            {"files": FILES},
            {
                "/data_path": "required: this release uploads no files",
                "/files": "not given: this release uploads no files; give data_path",
            },
        ),
        (
            {"files": FILES, "data_path": DATA_PATH},
            {"/files": "not given: this release uploads no files; give data_path"},
        ),
    ],
)
def test_files_are_refused_with_a_sentence(more: dict[str, Any], problems: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        PROVIDER.operations["create_audience"].payload_model.model_validate(AUDIENCE | more)
    assert {each.pointer: each.expected for each in problems_of(refused.value)} == problems
