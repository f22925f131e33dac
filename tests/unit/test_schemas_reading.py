"""How a message becomes a job, or the list of all that is wrong with it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas import strict_json
from schemas.generate import PAYLOADS
from schemas.job import Job
from schemas.reading import TRACEPARENT_IGNORED, Accepted, Readable, Refused, read_body, read_job

ENVELOPE: dict[str, Any] = {
    "id": "j-1",
    "provider": "mintegral",
    "account": "acme",
    "operation": "delete_audience",
    "payload": {"ta_id": [1]},
}
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def accepted(**changed: Any) -> Accepted:
    reading = read_job({**ENVELOPE, **changed}, PAYLOADS)
    assert isinstance(reading, Accepted), reading
    return reading


def refused(value: Any) -> Refused:
    reading = read_job(value, PAYLOADS)
    assert isinstance(reading, Refused), reading
    return reading


def pointers(reading: Refused) -> list[str]:
    return [problem.pointer for problem in reading.problems]


def test_the_least_job_has_the_defaults_of_the_contract() -> None:
    job = accepted().job
    assert (job.version, job.priority, job.metadata) == (1, 5, {})
    assert (job.not_before, job.expires_at, job.correlation_id, job.traceparent) == (None, None, None, None)


def test_an_optional_field_that_is_null_is_absent() -> None:
    optional = set(Job.model_fields) - set(ENVELOPE)
    assert accepted(**dict.fromkeys(optional)) == accepted()


@pytest.mark.parametrize("field", sorted(ENVELOPE))
def test_a_required_field_can_be_neither_left_out_nor_null(field: str) -> None:
    without = {name: value for name, value in ENVELOPE.items() if name != field}
    assert pointers(refused(without)) == [f"/{field}"]
    assert pointers(refused({**ENVELOPE, field: None})) == [f"/{field}"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "x"),
        ("id", "AZaz09._:-" + "x" * 118),
        ("account", "AZaz09._-" + "x" * 119),
        ("version", 1.0),
        ("priority", 0),
        ("priority", 9),
        ("priority", 9.0),
        ("correlation_id", ""),
        ("correlation_id", "é" * 256),
        ("metadata", {"a": [{"b": None}]}),
        ("metadata", {"a": "é" * ((8192 - 8) // 2)}),
        ("not_before", "2026-11-21T20:04:05+01:00"),
        ("expires_at", "2026-11-21T20:04:05.25Z"),
    ],
)
def test_what_is_within_the_limits_is_accepted(field: str, value: Any) -> None:
    assert accepted(**{field: value}).warnings == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""),
        ("id", "x" * 129),
        ("id", "a/b"),
        ("id", "a\n"),
        ("id", "é"),
        ("id", 7),
        ("provider", "pub matic"),
        ("account", "a:b"),
        ("account", "x" * 129),
        ("operation", ""),
        ("payload", []),
        ("payload", "{}"),
        ("version", 2),
        ("version", "1"),
        ("version", True),
        ("priority", 10),
        ("priority", -1),
        ("priority", 1.5),
        ("priority", "5"),
        ("priority", True),
        ("not_before", "2026-11-21T20:04:05"),
        ("not_before", 1763755445),
        ("expires_at", "tomorrow"),
        ("expires_at", {}),
        ("correlation_id", "x" * 257),
        ("correlation_id", 7),
        ("metadata", []),
        ("metadata", {"a": "é" * ((8192 - 8) // 2 + 1)}),
    ],
)
def test_what_is_beyond_them_is_named_by_its_pointer(field: str, value: Any) -> None:
    assert pointers(refused({**ENVELOPE, field: value})) == [f"/{field}"]


@pytest.mark.parametrize("given_", [TRACEPARENT, "01-" + TRACEPARENT[3:] + "-more", "fe-" + TRACEPARENT[3:]])
def test_a_valid_traceparent_is_kept(given_: str) -> None:
    reading = accepted(traceparent=given_)
    assert (reading.job.traceparent, reading.warnings) == (given_, ())


@pytest.mark.parametrize(
    "given_",
    [
        "",
        7,
        {"a": 1},
        TRACEPARENT.upper(),
        TRACEPARENT + "-more",
        TRACEPARENT + "\n",
        "ff-" + TRACEPARENT[3:],
        "01-" + TRACEPARENT[3:] + "more",
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01",
    ],
)
def test_an_invalid_traceparent_is_ignored_with_a_warning(given_: Any) -> None:
    reading = accepted(traceparent=given_)
    assert (reading.job.traceparent, reading.warnings) == (None, (TRACEPARENT_IGNORED,))


def test_a_job_written_by_us_is_the_same_job_when_read_again() -> None:
    job = accepted(not_before="2026-11-21T20:04:05Z", traceparent=TRACEPARENT, metadata={"a": 1.5}).job
    assert job.not_before == datetime(2026, 11, 21, 20, 4, 5, tzinfo=UTC)
    assert Job.model_validate(job.model_dump(mode="json")) == job
    assert Job.model_validate_json(job.model_dump_json()) == job


def test_envelope_and_payload_are_answered_together() -> None:
    reading = refused({**ENVELOPE, "priority": 10, "wrong": 1, "payload": {"ta_id": [0], "more": 1}})
    assert set(pointers(reading)) == {"/priority", "/wrong", "/payload/ta_id/0", "/payload/more"}


def test_an_unknown_provider_is_told_the_known_ones() -> None:
    [problem] = refused({**ENVELOPE, "provider": "pubmatik"}).problems
    assert (problem.pointer, problem.expected) == ("/provider", "one of mintegral, pubmatic")


def test_an_unknown_operation_is_told_the_known_ones_of_its_provider() -> None:
    [problem] = refused({**ENVELOPE, "provider": "pubmatic"}).problems
    assert problem.pointer == "/operation"
    assert problem.expected == "one of create_audience, get_audience, list_audiences, update_audience"


@pytest.mark.parametrize(
    ("changed", "known"),
    [
        ({"id": ""}, ("mintegral", "delete_audience")),
        ({"operation": "drop"}, ("mintegral", None)),
        ({"provider": "nobody"}, (None, None)),
        ({"provider": 7}, (None, None)),
        ({"provider": "no body", "operation": "delete_audience"}, (None, None)),
    ],
)
def test_only_what_is_installed_is_fit_for_a_routing_key(changed: dict[str, Any], known: Any) -> None:
    reading = refused({**ENVELOPE, **changed})
    assert (reading.known_provider, reading.known_operation) == known


def test_what_is_valid_by_its_own_rule_can_be_read_of_a_refused_job() -> None:
    value = {**ENVELOPE, "provider": "nobody", "account": "a b", "correlation_id": "c", "metadata": {"m": 1}}
    assert refused(value).readable == Readable(
        job_id="j-1",
        provider="nobody",
        account=None,
        operation="delete_audience",
        correlation_id="c",
        metadata={"m": 1},
    )


def test_a_field_that_is_not_strict_json_is_not_read() -> None:
    body = rb'{"id":"a","id":"b","account":"\ud800","correlation_id":"c","metadata":{"n":NaN}}'
    reading = read_body(body, PAYLOADS)
    assert isinstance(reading, Refused)
    assert reading.readable == Readable(correlation_id="c")
    assert pointers(reading)[:3] == ["/id", "/account", "/metadata/n"]


@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 260_000, b"7", b"null", b"[]", b'"job"'])
def test_what_is_no_object_is_one_problem_at_the_root_and_nothing_is_read(body: bytes) -> None:
    reading = read_body(body, PAYLOADS)
    assert isinstance(reading, Refused)
    assert (pointers(reading), reading.readable) == ([""], Readable())


def test_the_same_place_is_named_once() -> None:
    reading = read_body(b'{"payload":1,"payload":2}', PAYLOADS)
    assert isinstance(reading, Refused)
    assert [each.expected for each in reading.problems if each.pointer == "/payload"] == [strict_json.ONCE]


def test_a_hostile_key_is_cut_in_the_pointer() -> None:
    [problem] = refused({**ENVELOPE, "k" * 100_000: 1}).problems
    assert problem.pointer == "/" + "k" * 64 + "…"


def test_no_problem_quotes_a_value() -> None:
    canary = "9f86d081-884c-4d65-9a2f-canary"
    everywhere = {name: [canary] for name in Job.model_fields} | {"provider": "mintegral"}
    reading = refused({**everywhere, "operation": "create_audience", "payload": {"ta_name": [canary]}})
    assert len(reading.problems) >= 9
    assert canary not in repr(reading.problems)


@pytest.mark.parametrize("value", [{**ENVELOPE, "id": "the canary"}, ["the canary"], "the canary"], ids=type)
def test_no_exception_of_a_model_quotes_a_value(value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Job.model_validate(value)
    assert "canary" not in f"{caught.value!s}{caught.value!r}{caught.value.__cause__!r}{caught.value.__context__!r}"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(Job.model_fields, JSON)))
def test_no_value_raises_and_all_that_is_refused_can_be_written(value: dict[str, Any]) -> None:
    reading = read_job({**value, "provider": "mintegral", "operation": "create_audience"}, PAYLOADS)
    if isinstance(reading, Refused):
        assert reading.problems
        assert all(problem.pointer.encode() is not None for problem in reading.problems)
        json.dumps(reading.readable.metadata, allow_nan=False).encode()
