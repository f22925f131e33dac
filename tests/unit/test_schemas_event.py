"""What a producer is told, and how that event is built."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from pydantic import ValidationError

from schemas.event import DATA_SCHEMA, EVENT, Error, ErrorCategory
from schemas.generate import PAYLOADS
from schemas.job import Job
from schemas.outgoing import MAX_DETAILS, Course, Outgoing, failed, invalid, rejected, succeeded
from schemas.reading import Refused, read_body, readable

AT = datetime(2026, 11, 21, 20, 4, 5, 123_456, tzinfo=UTC)
JOB = Job(
    id="j:1",
    provider="pubmatic",
    account="acme",
    operation="create_audience",
    payload={"name": "canary"},
    correlation_id="order-1",
    metadata={"team": "growth"},
)
COURSE = Course(run=2, attempts=1, requests=3, enqueued_at=AT, started_at=None, finished_at=AT, warnings=("w",))
RESULT = {"audience_id": "475332", "already_existed": False, "audience": {"id": 475332}}
ERROR = Error(
    category="rejected_by_provider",
    message="Query validation failed.",
    provider_code="AUD01_0034",
    http_status=400,
    details=[],
    replayable=True,
)
CATEGORIES = get_args(ErrorCategory)


def answer(body: bytes) -> Outgoing:
    reading = read_body(body, PAYLOADS)
    assert isinstance(reading, Refused)
    return invalid(body, reading, AT)


ALL = {
    "succeeded": succeeded(JOB, COURSE, RESULT),
    "failed": failed(JOB, COURSE, ERROR),
    "rejected": rejected(b"{}", readable(JOB), ERROR, AT, provider="pubmatic", operation="create_audience"),
}


@pytest.mark.parametrize("status", sorted(ALL))
def test_type_routing_key_and_status_agree(status: str) -> None:
    outgoing = ALL[status]
    assert outgoing.event["type"] == f"audience.job.{status}"
    assert outgoing.event["data"]["status"] == status
    assert outgoing.routing_key == f"pubmatic.create_audience.{status}"
    assert outgoing.event["subject"] == "j:1"


@pytest.mark.parametrize("status", sorted(ALL))
def test_each_event_is_json_and_read_back_by_its_model(status: str) -> None:
    event = ALL[status].event
    assert EVENT.validate_json(json.dumps(event)) == EVENT.validate_python(event)
    read_back = EVENT.dump_python(EVENT.validate_python(event), mode="json", exclude_unset=True)
    assert json.dumps(read_back) == json.dumps(event), "fields in their order, too: the text is the same"


@pytest.mark.parametrize("status", sorted(ALL))
def test_the_cloudevents_sdk_reads_it(status: str) -> None:
    event = ALL[status].event
    read = JSONFormat().read(CloudEvent, json.dumps(event).encode())
    assert (read.get_id(), read.get_source(), read.get_type()) == (
        event["id"],
        event["source"],
        event["type"],
    )
    assert (read.get_dataschema(), read.get_datacontenttype()) == (DATA_SCHEMA, "application/json")
    assert read.get_data() == event["data"]


def test_a_final_event_is_identified_by_job_and_run() -> None:
    for outgoing in (ALL["succeeded"], ALL["failed"]):
        assert outgoing.event["id"] == "pubmatic/acme/j:1/2"
        assert outgoing.event["source"] == "/audience/pubmatic/acme"
        assert outgoing.event["time"] == "2026-11-21T20:04:05.123Z"


def test_the_data_of_a_success_is_what_the_contract_lists() -> None:
    assert ALL["succeeded"].event["data"] == {
        "job_id": "j:1",
        "provider": "pubmatic",
        "account": "acme",
        "operation": "create_audience",
        "run": 2,
        "status": "succeeded",
        "attempts": 1,
        "requests": 3,
        "enqueued_at": "2026-11-21T20:04:05.123Z",
        "started_at": None,
        "finished_at": "2026-11-21T20:04:05.123Z",
        "correlation_id": "order-1",
        "metadata": {"team": "growth"},
        "warnings": ["w"],
        "result": RESULT,
    }


def test_a_failure_has_an_error_in_place_of_a_result() -> None:
    data = ALL["failed"].event["data"]
    assert set(data) ^ set(ALL["succeeded"].event["data"]) == {"error", "result"}
    assert data["error"] == {
        "category": "rejected_by_provider",
        "message": "Query validation failed.",
        "provider_code": "AUD01_0034",
        "http_status": 400,
        "details": [],
        "replayable": True,
    }


def test_a_rejection_is_identified_by_its_message_and_has_no_run() -> None:
    event = ALL["rejected"].event
    assert event["id"] == "rejected/" + hashlib.sha256(b"{}").hexdigest()
    assert event["source"] == "/audience"
    assert event["data"]["run"] is None
    assert set(event["data"]) == set(ALL["failed"].event["data"])


def test_of_a_message_that_cannot_be_read_everything_is_unknown_and_null() -> None:
    outgoing = answer(b"\xff")
    data = outgoing.event["data"]
    assert outgoing.routing_key == "unknown.unknown.rejected"
    assert "subject" not in outgoing.event
    assert {name for name, value in data.items() if value is None} == {
        "job_id",
        "provider",
        "account",
        "operation",
        "run",
        "enqueued_at",
        "started_at",
        "correlation_id",
        "metadata",
    }
    assert data["error"]["details"] == [{"pointer": "", "expected": "UTF-8"}]


@pytest.mark.parametrize(
    ("provider", "operation", "key"),
    [
        ("pubmatic", "create_audience", "pubmatic.create_audience.rejected"),
        ("pubmatic", "drop.#", "pubmatic.unknown.rejected"),
        ("pubmatic", "drop", "pubmatic.unknown.rejected"),
        ("nobody", "create_audience", "unknown.unknown.rejected"),
        ("#", "*", "unknown.unknown.rejected"),
    ],
)
def test_the_routing_key_of_a_rejection_holds_only_what_is_installed(provider: str, operation: str, key: str) -> None:
    assert answer(json.dumps({"provider": provider, "operation": operation}).encode()).routing_key == key


def test_the_answer_to_an_invalid_job_says_where_and_what_and_quotes_no_value() -> None:
    body = json.dumps({"id": "j-1", "provider": "pubmatic", "priority": "canary", "payload": ["canary"]}).encode()
    event = answer(body).event
    assert event["subject"] == "j-1"
    assert event["data"]["error"]["message"].startswith("Not a valid job. Expected at /")
    assert {"pointer": "/priority", "expected": "a whole number from 0 to 9"} in event["data"]["error"]["details"]
    assert "canary" not in json.dumps(event)


def test_a_message_of_a_thousand_mistakes_makes_an_event_of_a_hundred_details() -> None:
    event = answer(json.dumps({f"field {number}": 1 for number in range(995)}).encode()).event
    details = event["data"]["error"]["details"]
    assert len(details) == MAX_DETAILS + 1
    assert details[-1] == {"pointer": "", "expected": "900 problems fewer: they are not listed"}


@pytest.mark.parametrize(
    "result",
    [
        RESULT,
        {"audiences": [{"id": 1}, {}], "total": 2, "truncated": False},
        {"audiences": [], "total": 0, "truncated": False},
        {"data_path": "s3://b/f", "md5": "0" * 32, "bytes": 7},
        {"deleted": ["4734"]},
    ],
)
def test_each_published_kind_of_result_is_told(result: dict[str, Any]) -> None:
    assert succeeded(JOB, COURSE, result).event["data"]["result"] == result


@pytest.mark.parametrize(
    "result",
    [
        {},
        {**RESULT, "audience_id": 475332},
        {**RESULT, "audience_id": ""},
        {**RESULT, "already_existed": None},
        {**RESULT, "more": 1},
        {"audiences": {}, "total": 0},
        {"data_path": "s3://b/f", "md5": "x", "bytes": 7},
    ],
)
def test_a_result_of_any_other_shape_is_a_bug_that_surfaces(result: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        succeeded(JOB, COURSE, result)


def test_the_set_of_categories_is_that_of_the_contract() -> None:
    assert CATEGORIES == (
        "invalid_job",
        "unknown_account",
        "conflicting_duplicate",
        "auth",
        "rejected_by_provider",
        "throttled",
        "unavailable",
        "outcome_unknown",
        "expired",
        "cancelled",
        "internal",
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "audience.job.failed"},
        {"type": "audience.job.done"},
        {"subject": None},
        {"specversion": "0.3"},
        {"dataschema": "urn:other"},
        {"time": "2026-11-21T20:04:05"},
        {"data": {}},
        {"extension": "x"},
    ],
)
def test_what_is_no_event_of_ours_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EVENT.validate_python({**ALL["succeeded"].event, **changed})


@pytest.mark.parametrize(
    "changed",
    [
        {"run": 0},
        {"run": None},
        {"status": "failed"},
        {"attempts": -1},
        {"warnings": None},
        {"error": ERROR.model_dump()},
        {"metadata": None},
    ],
)
def test_data_that_contradicts_its_status_is_refused(changed: dict[str, Any]) -> None:
    event = ALL["succeeded"].event
    with pytest.raises(ValidationError):
        EVENT.validate_python({**event, "data": {**event["data"], **changed}})
