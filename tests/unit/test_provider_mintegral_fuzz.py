"""Does whatever Mintegral and its storage answer end as exactly one outcome? Any bytes, any JSON, any status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from calls import call_to
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from stubborn_server import StubbornServer, Told

from schemas.event import Result
from workers.files import Files
from workers.outcome import AttemptEnded, Outcome, Succeeded
from workers.providers.mintegral import PROVIDER
from workers.providers.provider import Absent, CannotTell, Found

RESULT: TypeAdapter[Any] = TypeAdapter(Result)
DATA_PATH = [{"device_type": 2, "data_path": "s3://b/idfa.csv"}, {"device_type": 12, "data_path": "s3://b/idfv.csv"}]
FILES = [{"device_type": 2, "file": "ids.csv"}]
CREATE = {"ta_name": "test", "area_type": 1, "platform": 2}
PAYLOADS = [
    ("create_audience", CREATE | {"data_path": DATA_PATH}),
    ("create_audience", CREATE | {"files": FILES}),
    ("update_audience", {"ta_id": 4734, "data_path": DATA_PATH}),
    ("update_audience", {"ta_id": 4734, "files": FILES}),
    ("list_audiences", {"ta_ids": [4734], "max_items": 3}),
    ("delete_audience", {"ta_id": [4734, 1148]}),
    ("upload_audience_file", {"file": "ids.csv", "area_type": 1}),
]
FINDABLE = [each for each in PAYLOADS if hasattr(PROVIDER.operations[each[0]], "find")]
SINCE = datetime(2024, 1, 10, 10, tzinfo=UTC)
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ODD = JSON | st.sampled_from(["4734", "4734 ", 4734.0, -1, 10**40, "9" * 400, "1" * 5000, "\ud800", 1704880000, 1e300])
NUMBER = st.sampled_from([4734, 1148, "4734", 1, 0, 500, 1704880000, "1704880000"]) | ODD
SENTENCE = st.sampled_from(["success", "too frequent, 12 hours", "token error", "audience name already exists"]) | ODD
GOOD_ROW = {
    "ta_id": st.sampled_from([4734, "1148"]),
    "ta_name": st.just("test"),
    "platform": st.just(2),
    "area_type": st.just(1),
    "device_type": st.sampled_from(["2,10", "12, 2", "2"]),
    "ctime": st.sampled_from([1704880000, 1704880810]),
    "utime": st.sampled_from([1704880000, 1704880810]),
}
ROW = st.fixed_dictionaries({}, optional={name: good | NUMBER for name, good in GOOD_ROW.items()})
LISTED = st.fixed_dictionaries(
    {"list": st.lists(ROW, max_size=3) | ODD}, optional={"total": NUMBER, "limit": NUMBER, "page": NUMBER}
)
SIGNED = st.fixed_dictionaries(
    {},
    optional={
        "method": st.just("PUT") | ODD,
        "url": st.sampled_from(["{server}/put?X-Amz-Signature=0123456789abcdef", "http://[", "http://:0/"]) | ODD,
        "data_path": st.just("s3://b/k") | ODD,
    },
)
DATA = LISTED | st.fixed_dictionaries({"ta_id": NUMBER}) | st.fixed_dictionaries({"s3": SIGNED | ODD}) | ODD
ENVELOPE = st.fixed_dictionaries(
    {"code": st.sampled_from([200, "200", 200.0]) | st.sampled_from([401, 429, 201, 10000, 500, 0]) | ODD},
    optional={"msg": SENTENCE, "message": SENTENCE, "data": DATA},
)
# What a socket can carry: half a surrogate pair goes out as the escape that JSON has for it.
BODIES = st.one_of(ENVELOPE, ENVELOPE, JSON).map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200)
HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40).map(str.strip)
TIME = HEADER | st.sampled_from(
    ["Wed, 10 Jan 2024 10:00:00 GMT", "Wed, 10 Jan 99999 10:00:00 GMT", "1 Jan 1 1:1:1 -0000", "99999999999999999999"]
)


ANY = st.builds(
    Told,
    BODIES,
    st.sampled_from([200, 200, 200, 200, 403, 429, 503]) | st.integers(200, 999),
    st.fixed_dictionaries({}, optional={"Retry-After": TIME, "Date": TIME}),
)
GOOD_DATA = st.one_of(
    st.fixed_dictionaries({"list": st.lists(st.fixed_dictionaries(GOOD_ROW) | ROW, max_size=2)}),
    st.just({"s3": {"method": "PUT", "url": "{server}/put?X-Amz-Signature=0123456789abcdef", "data_path": "s3://b/k"}}),
    st.fixed_dictionaries({"ta_id": st.sampled_from([4734, "1148"]) | NUMBER}),
    st.none(),
)
NEARLY = st.builds(lambda data: Told(json.dumps({"code": 200, "message": "success", "data": data}).encode()), GOOD_DATA)
ANSWERS = st.lists(NEARLY | NEARLY | NEARLY | ANY, min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("operation", "payload"), PAYLOADS, ids=[f"{name}-{n}" for n, (name, _) in enumerate(PAYLOADS)]
)
@FUZZ
@given(answers=ANSWERS)
def test_sending_ends_as_one_outcome(
    server: StubbornServer, files: Files, operation: str, payload: dict[str, Any], answers: list[Told]
) -> None:
    outcome = ending(server, files, answers, operation, payload, find=False)
    assert isinstance(outcome, get_args(Outcome))
    if isinstance(outcome, Succeeded):
        assert RESULT.validate_python(outcome.result).model_dump() == outcome.result
        json.dumps(outcome.result, allow_nan=False).encode()


@pytest.mark.parametrize(
    ("operation", "payload"), FINDABLE, ids=[f"{name}-{n}" for n, (name, _) in enumerate(FINDABLE)]
)
@FUZZ
@given(answers=ANSWERS)
def test_looking_ends_as_one_look_or_outcome(
    server: StubbornServer, files: Files, operation: str, payload: dict[str, Any], answers: list[Told]
) -> None:
    look = ending(server, files, answers, operation, payload, find=True)
    assert isinstance(look, (Found, Absent, CannotTell, *get_args(Outcome)))
    if isinstance(look, Found):
        assert RESULT.validate_python(look.result).model_dump() == look.result


def ending(
    server: StubbornServer, files: Files, answers: list[Told], operation: str, payload: dict[str, Any], *, find: bool
) -> Any:
    server.play(answers)
    ours: Any = PROVIDER.operations[operation]
    table = {"base_url": server.url, "accounts": {"acme": {"access_key": {"env": "K"}, "api_key": {"env": "K"}}}}
    account = PROVIDER.config_model.model_validate(table).accounts["acme"]
    call = call_to(server.url, account, files=files, deadline_s=5.0)
    read = ours.payload_model.model_validate(payload)
    try:
        return ours.find(read, call, SINCE) if find else ours.send(read, call)
    except AttemptEnded as ended:
        return ended.outcome


@pytest.fixture(scope="module")
def server() -> Iterator[StubbornServer]:
    with pytest.MonkeyPatch.context() as patch, StubbornServer() as ours:
        patch.setenv("K", "0123456789abcdef0123456789abcdef")
        yield ours


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("files")
    (folder / "ids.csv").write_text("idfa\nA\n")
    return Files(folder)
