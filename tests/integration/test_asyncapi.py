"""Is the AsyncAPI document one? Read by the official parser, and held against what the service declares."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import npm
import pytest
from jsonschema import Draft7Validator
from kombu import Queue

from schemas.generate import FOLDER, PAYLOADS
from workers import broker
from workers.lanes.keys import JOBS_STREAM, RESULTS_STREAM

CHECK = Path(__file__).parents[1] / "asyncapi"
FILE = FOLDER / "asyncapi.json"
DOCUMENT = json.loads(FILE.read_text())
ERROR, WARNING = 0, 1  # the parser's severities; 2 only informs: that 3.0 is not the newest version


def parsed(file: Path) -> Any:
    npm.install(CHECK)
    command = ["node", "check.mjs", str(file)]
    done = subprocess.run(command, cwd=CHECK, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


def complaints(said: Any) -> list[Any]:
    return [each for each in said["diagnostics"] if each["severity"] in {ERROR, WARNING}]


def test_the_official_parser_finds_nothing_wrong() -> None:
    said = parsed(FILE)
    assert complaints(said) == []
    found = said["found"]
    operations = {f"{provider}.{name}" for provider, names in PAYLOADS.items() for name in names}
    events = {f"audience.job.{status}" for status in ("succeeded", "failed", "rejected")}
    assert set(found["messages"]) == operations | events | {"signed", "entry", "call"}
    assert {protocol for _, protocol in found["servers"]} == {"amqp", "redis"}
    assert [action for _, action in found["operations"]] == ["receive"] * 3 + ["send"] * 3


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("channels", "jobs", "bindings", "amqp", "is"), "list"),
        (("components", "messages", "audience.job.failed", "payload", "$ref"), "#/components/schemas/Gone"),
        (("components", "schemas", "Job", "type"), "text"),
    ],
)
def test_the_parser_would_say_so(tmp_path: Path, place: tuple[str | int, ...], value: str) -> None:
    changed: Any = json.loads(FILE.read_text())
    *way, last = place
    target = changed
    for step in way:
        target = target[step]
    target[last] = value
    (tmp_path / "changed.json").write_text(json.dumps(changed))
    assert complaints(parsed(tmp_path / "changed.json"))


@pytest.mark.parametrize(
    ("channel", "queue"), [("jobs", broker.JOBS), ("calls", broker.SUBMIT), ("resultsQueue", broker.RESULTS)]
)
def test_a_queue_is_described_as_the_service_declares_it(channel: str, queue: Queue) -> None:
    said = DOCUMENT["channels"][channel]
    amqp = said["bindings"]["amqp"]
    described = amqp["queue"]
    assert said["address"] == described["name"] == queue.name
    assert (described["durable"], described["exclusive"], described["autoDelete"]) == (
        queue.durable,
        queue.exclusive,
        queue.auto_delete,
    )
    assert amqp.get("x-queue-arguments", {}) == (queue.queue_arguments or {})


def test_the_exchange_and_the_streams_are_the_services() -> None:
    channels = DOCUMENT["channels"]
    exchange = channels["results"]["bindings"]["amqp"]["exchange"]
    declared = broker.RESULTS_EXCHANGE
    assert (exchange["name"], exchange["type"], exchange["durable"]) == (declared.name, declared.type, declared.durable)
    assert (channels["jobsStream"]["address"], channels["resultsStream"]["address"]) == (JOBS_STREAM, RESULTS_STREAM)


@pytest.mark.parametrize("name", sorted(DOCUMENT["components"]["messages"]))
def test_every_message_has_an_example_and_each_fits_its_payload(name: str) -> None:
    message = DOCUMENT["components"]["messages"][name]
    validator = Draft7Validator({**message["payload"], "components": DOCUMENT["components"]})
    assert message["examples"]
    for example in message["examples"]:
        validator.validate(example["payload"])
    assert not validator.is_valid({"id": 1})


def test_the_document_refers_to_nothing_outside_of_it() -> None:
    targets = re.findall(r'"\$ref": "([^"]*)"', FILE.read_text())
    assert targets
    assert all(target.startswith("#/") for target in targets)


PAGE = Path(__file__).parents[2] / "docs" / "asyncapi.html"


def test_the_page_is_what_the_document_gives(tmp_path: Path) -> None:
    docs = PAGE.parent
    for name in ("asyncapi_page.py", "asyncapi_page.html"):
        (tmp_path / "docs" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "docs" / name).write_text((docs / name).read_text())
    (tmp_path / "schemas" / "json").mkdir(parents=True)
    (tmp_path / "schemas" / "json" / FILE.name).write_text(FILE.read_text())
    subprocess.run([sys.executable, str(tmp_path / "docs" / "asyncapi_page.py")], check=True, timeout=60)
    assert (tmp_path / "docs" / "asyncapi.html").read_text() == PAGE.read_text(), "run make schemas"


def test_the_page_tells_of_every_channel_message_and_field_and_no_link_leads_nowhere() -> None:
    page = PAGE.read_text()
    for channel in DOCUMENT["channels"].values():
        assert f"<code>{channel['address']}</code>" in page
    for kind, prefix in (("messages", "message-"), ("schemas", "")):
        for name in DOCUMENT["components"][kind]:
            assert page.count(f'id="{prefix}{name}"') == 1
    for schema in DOCUMENT["components"]["schemas"].values():
        assert all(f"<code>{field}</code>" in page for field in schema.get("properties", {}))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r'id="([^"]+)"', page))
    assert "<script" not in page
