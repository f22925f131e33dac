"""Does every provider send what is documented, and read every recorded answer as it must?"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import redis
from calls import call_to
from cases import ELSEWHERE, Case, body_of, every_case, with_cases
from pydantic import TypeAdapter
from recorded_server import Arrived, RecordedServer

from schemas.event import Result
from workers.files import Files
from workers.http import Answer
from workers.outcome import AttemptEnded, Succeeded
from workers.providers.provider import Found, installed

CASES = every_case()
PROVIDERS = installed()
RESULT: TypeAdapter[Any] = TypeAdapter(Result)
# Here every installed provider is examined, so that none goes without cases; elsewhere those that have some.
EXAMINED = with_cases() if ELSEWHERE else sorted(PROVIDERS)

if not EXAMINED or not PROVIDERS.keys() >= set(EXAMINED):
    raise pytest.UsageError(
        f"AUDIENCE_CONTRACT_CASES: {ELSEWHERE} holds provider.json for {EXAMINED}; "
        f"it must be for installed providers: {sorted(PROVIDERS)}"
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(
    case: Case, recorded: RecordedServer, shared: redis.Redis, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in case.env.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    base = case.config | {"base_url": recorded.url + case.account.get("prefix", "")}
    config = PROVIDERS[case.provider].config_model.model_validate(base)
    operation: Any = PROVIDERS[case.provider].operations[case.operation]
    payload = operation.payload_model.model_validate(case.fields["payload"])
    permits: list[bool] = []
    for name, text in case.fields.get("files", {}).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    account = config.accounts["acme"]
    call = call_to(config.base_url, account, permits.append, state=shared, files=Files(tmp_path), deadline_s=5.0)
    call.notes.known |= case.fields.get("notes", {})
    recorded.play([each["answer"] for each in case.exchanges])

    try:
        if "find" in case.fields:
            since = case.fields["find"]
            ending = operation.find(payload, call, since and datetime.fromisoformat(since))
        else:
            ending = operation.send(payload, call)
    except AttemptEnded as ended:
        ending = ended.outcome

    assert shown(ending, case.fields["outcome"]) == case.fields["outcome"]
    assert len(recorded.arrived) == len(case.exchanges)
    for arrived, exchange in zip(recorded.arrived, case.exchanges, strict=True):
        assert shown_request(arrived, exchange["request"]) == exchange["request"]
    assert permits == [changes(each) for each in case.exchanges], "one permit a request"
    assert_fit_for_an_event(ending)
    assert_secrets_are_known(case, recorded, call.secrets)


@pytest.mark.parametrize("name", EXAMINED)
def test_every_operation_has_cases(name: str) -> None:
    tested = {case.operation for case in CASES if case.provider == name}
    assert tested == set(PROVIDERS[name].operations), "cases elsewhere: AUDIENCE_CONTRACT_CASES=… pytest tests/contract"


@pytest.mark.parametrize("name", EXAMINED)
def test_every_row_of_the_error_tables_has_a_case(name: str) -> None:
    (point,) = entry_points(group="audience_workers.providers", name=name)
    errors = import_module(f"{point.module}.errors")
    refusals = [errors.refused(answer) for answer in recorded_answers(name)]
    missing = errors.ROWS - {refusal.row for refusal in refusals if refusal is not None}
    assert not missing


@pytest.mark.parametrize("name", EXAMINED)
def test_every_outcome_of_a_provider_has_a_case(name: str) -> None:
    seen = {case.fields["outcome"]["is"] for case in CASES if case.provider == name}
    sending = {"Succeeded", "AlreadyExists", "Throttled", "Unavailable", "Unknown", "AuthFailed", "Rejected"}
    assert seen >= sending | {"Found", "Absent", "CannotTell"}


def recorded_answers(name: str) -> Iterable[Answer]:
    for case in CASES:
        for answer in (each["answer"] for each in case.exchanges if case.provider == name):
            if "status" in answer:
                headers = {key.lower(): value for key, value in answer.get("headers", {}).items()}
                yield Answer(answer["status"], headers, body_of(answer))


def changes(exchange: dict[str, Any]) -> bool:
    """Whether a request is not safe to repeat."""
    request = exchange["request"]
    return request["method"] != "GET" and "presigned" not in request and "safe" not in exchange


def shown(ending: Any, expected: dict[str, Any]) -> dict[str, Any]:
    """The ending as a case writes it: all but what is empty or as always, and of ``said`` what the case names."""
    fields: dict[str, Any] = asdict(ending)
    named = expected.get("said", {})
    said = {part: each for part, each in fields.pop("said", {}).items() if part in named}
    fields = {name: list(each) if isinstance(each, tuple) else each for name, each in fields.items()}
    silent = {each.name: (None, [], each.default) for each in dataclasses.fields(ending)}
    told = {name: each for name, each in fields.items() if name in expected or each not in silent[name]}
    return {"is": type(ending).__name__} | told | ({"said": said} if named else {})


def shown_request(arrived: Arrived, expected: dict[str, Any]) -> dict[str, Any]:
    """The request as a case writes it: a header that matches its pattern is shown as the pattern."""
    presigned = {name: expected[name] for name in ("presigned",) if name in expected}
    body = arrived.body.decode() if presigned else arrived.json
    found = {"method": arrived.method, "path": arrived.path, "params": arrived.params, "body": body} | presigned
    headers = {}
    for name, value in expected.get("headers", {}).items():
        held = arrived.headers.get(name.lower())
        pattern = value[1:-1] if value is not None and re.fullmatch("/.+/", value) else None
        headers[name] = value if pattern and held is not None and re.fullmatch(pattern, held) else held
    return {name: found[name] for name in found if name in expected or found[name]} | (
        {"headers": headers} if "headers" in expected else {}
    )


def assert_fit_for_an_event(ending: Any) -> None:
    if isinstance(ending, Succeeded | Found):
        assert RESULT.validate_python(ending.result).model_dump() == ending.result


def assert_secrets_are_known(case: Case, recorded: RecordedServer, known: set[str]) -> None:
    if recorded.arrived:
        assert {value for value in case.env.values() if value} <= known
    for request, exchange in zip(recorded.arrived, case.exchanges, strict=True):
        held = [value for name in case.account["secret_headers"] if (value := request.headers.get(name.lower()))]
        if "presigned" in exchange["request"]:
            assert recorded.url + request.target in known
            assert not held
        else:
            assert all(any(secret in value for secret in known) for value in held)
            assert not any(secret in f"{request.path}{request.params}" for secret in known)
