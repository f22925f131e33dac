"""The published schemas: what they say is what the models do, and every example proves it."""

import json
from importlib.resources import files as packaged
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from schemas.dead_letter import DeadLetter
from schemas.event import DATA_SCHEMA, EVENT
from schemas.generate import DIALECT, FOLDER, PAYLOADS, files, write
from schemas.reading import Accepted, Refused, read_job

GENERATED = {name: json.loads(text) for name, text in files().items() if name.endswith(".schema.json")}


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(GENERATED[f"{name}.schema.json"], format_checker=Draft202012Validator.FORMAT_CHECKER)


def examples(kind: str) -> dict[str, Any]:
    folder = packaged("schemas") / "examples" / kind
    return {each.name: json.loads(each.read_text(encoding="utf-8")) for each in folder.iterdir()}


JOBS = {**examples("jobs"), **examples("more_jobs")}
INVALID = examples("invalid_jobs")
EVENTS = examples("events")
DEAD_LETTERS = examples("dead_letters")


def test_the_committed_files_are_the_generated_ones() -> None:
    committed = {each.name: each.read_text(encoding="utf-8") for each in FOLDER.iterdir()}
    assert committed == files(), "run python -m schemas.generate"


def test_what_is_written_is_what_is_generated(tmp_path: Any) -> None:
    write(tmp_path / "new")
    assert {each.name: each.read_text(encoding="utf-8") for each in (tmp_path / "new").iterdir()} == files()


def test_every_operation_has_a_schema() -> None:
    operations = {f"{provider}.{name}" for provider, names in PAYLOADS.items() for name in names}
    others = {"job", "event", "event-data", "dead-letter"}
    assert set(GENERATED) == {f"{name}.schema.json" for name in operations | others}


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_a_schema_is_json_schema_2020_12_with_an_id_of_its_own(name: str) -> None:
    schema = GENERATED[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == DIALECT
    assert schema["$id"] == f"urn:audience:schema:{name.removesuffix('.schema.json')}:1"
    assert schema["title"]


def test_the_dataschema_of_an_event_is_the_id_of_the_published_schema() -> None:
    assert GENERATED["event-data.schema.json"]["$id"] == DATA_SCHEMA


def _objects(schema: Any) -> list[dict[str, Any]]:
    match schema:
        case dict():
            own = [schema] if "properties" in schema and schema.get("type") == "object" else []
            return own + [each for value in schema.values() for each in _objects(value)]
        case list():
            return [each for value in schema for each in _objects(value)]
        case _:
            return []


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_no_object_of_ours_takes_unknown_fields_and_each_is_described(name: str) -> None:
    found = _objects(GENERATED[name])
    assert found
    assert all(each["additionalProperties"] is False and each["description"] for each in found)


@pytest.mark.parametrize("name", sorted(JOBS))
def test_an_example_of_a_job_is_valid(name: str) -> None:
    job = JOBS[name]
    assert isinstance(read_job(job, PAYLOADS), Accepted)
    validator("job").validate(job)
    validator(f"{job['provider']}.{job['operation']}").validate(job["payload"])


def test_every_operation_has_an_example() -> None:
    shown = {(job["provider"], job["operation"]) for job in JOBS.values()}
    assert shown == {(provider, name) for provider, names in PAYLOADS.items() for name in names}


@pytest.mark.parametrize("name", sorted(INVALID))
def test_an_example_of_an_invalid_job_has_the_problems_it_says(name: str) -> None:
    reading = read_job(INVALID[name]["body"], PAYLOADS)
    assert isinstance(reading, Refused)
    assert [{"pointer": each.pointer, "expected": each.expected} for each in reading.problems] == INVALID[name][
        "problems"
    ]


BEYOND_JSON_SCHEMA = {
    "pubmatic-create-unbalanced-query.json",  # counting parentheses
    "unknown-provider.json",  # any installed provider is one: the schema cannot know
}


@pytest.mark.parametrize("name", sorted(set(INVALID) - BEYOND_JSON_SCHEMA))
def test_the_schema_refuses_an_invalid_job_too(name: str) -> None:
    assert not validator("job").is_valid(INVALID[name]["body"])


@pytest.mark.parametrize("name", sorted(BEYOND_JSON_SCHEMA))
def test_what_json_schema_cannot_say_is_no_more_than_this(name: str) -> None:
    assert validator("job").is_valid(INVALID[name]["body"])


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_an_example_of_an_event_is_valid(name: str) -> None:
    event = EVENTS[name]
    EVENT.validate_python(event)
    validator("event").validate(event)
    validator("event-data").validate(event["data"])


def test_every_kind_of_event_has_an_example() -> None:
    assert {event["data"]["status"] for event in EVENTS.values()} == {"succeeded", "failed", "rejected"}


@pytest.mark.parametrize("name", sorted(DEAD_LETTERS))
def test_an_example_of_a_dead_letter_is_valid(name: str) -> None:
    letter = DEAD_LETTERS[name]
    DeadLetter.model_validate(letter)
    validator("dead-letter").validate(letter)


@pytest.mark.parametrize(
    "changed",
    [
        {"body": None, "body_base64": None},
        {"body": "{}", "body_base64": "e30="},
        {"count": 0},
        {"category": "other"},
        {"event": EVENTS["pubmatic-create-succeeded.json"]},
        {"edits": [{"at": "2026-11-21T20:04:05Z", "who": "ada", "changed": ["/name"], "from": "Travel"}]},
    ],
    ids=str,
)
def test_model_and_schema_refuse_the_same_dead_letters(changed: dict[str, Any]) -> None:
    letter = {**DEAD_LETTERS["pubmatic-create-failed.json"], **changed}
    with pytest.raises(ValidationError):
        DeadLetter.model_validate(letter)
    assert not validator("dead-letter").is_valid(letter)


def test_a_dead_letter_has_the_id_of_its_event() -> None:
    letter = {**DEAD_LETTERS["pubmatic-create-failed.json"], "id": "pubmatic/acme/other/1"}
    with pytest.raises(ValidationError, match="the id of its event"):
        DeadLetter.model_validate(letter)


FIELDS = sorted({name for job in JOBS.values() for name in [*job, *job["payload"]]} | {"accountTypeId", "unknown"})
LEAVES = [
    None,
    True,
    False,
    0,
    1,
    1.0,
    2,
    5,
    9,
    10,
    -1,
    0.5,
    "",
    "x",
    "7",
    "0",
    "1.0",
    "-1",
    "x" * 257,
    "x" * 1025,
]
WORDS = ["PUBLISHER", "BUYER", "DATA_PROVIDER_CLIENT", "MY_AUDIENCE", "create_audience", "update_audience"]
TEXTS = [
    "(,383:7,)",
    "(383:7,OR,383:8)",
    "(,383:7",
    "2026-11-21T20:04:05Z",
    "2026-11-21T20:04:05",
    "mintegral",
]
NESTED = [[], {}, ["MY_AUDIENCE"], [1], ["1"], {"a": 1}]
FILES_ = [[{"device_type": type_, name: "f"}] for type_ in (2, 5, 12) for name in ("file", "data_path")]
VALUES = st.sampled_from([*LEAVES, *WORDS, *TEXTS, *NESTED, *FILES_])
CHANGES = st.lists(st.tuples(st.booleans(), st.sampled_from(FIELDS), VALUES | st.just(...)), max_size=4)


def _changed(job: dict[str, Any], changes: list[tuple[bool, str, Any]]) -> dict[str, Any]:
    changed = {**job, "payload": {**job["payload"]}}
    for in_payload, field, value in changes:
        target = changed["payload"] if in_payload and isinstance(changed.get("payload"), dict) else changed
        if value is ...:
            target.pop(field, None)
        else:
            target[field] = value
    return changed


@settings(deadline=None, max_examples=1500)
@given(st.sampled_from(sorted(JOBS)), CHANGES)
def test_model_and_schema_agree_on_any_change_of_an_example(name: str, changes: list[tuple[bool, str, Any]]) -> None:
    job = _changed(JOBS[name], changes)
    assume(job.get("provider") in ("mintegral", "pubmatic"))  # another provider's job passes the schema
    accepted = isinstance(read_job(job, PAYLOADS), Accepted)
    assert validator("job").is_valid(job) == accepted
