"""What can an operator order on the command line? Edit, replay, discard and import, each with its line in the audit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from command import COMMAND, Audience, as_json, example
from dead import die, refuse

from workers.bootstrap import Service
from workers.lanes.orders import Orders

JOB = example("pubmatic-create-simple")
NEW = JOB["payload"] | {"name": "Travellers"}


def dead(here: Service) -> int:
    """How many jobs are dead letters."""
    return int(here.redis.zcard("audience:{pubmatic}:dead"))


def audit(audience: Audience) -> list[dict[str, Any]]:
    return audience("audit", "--json").succeeded().lines


def test_a_payload_is_taken_out_mended_and_sent(audience: Audience, here: Service, tmp_path: Path) -> None:
    id_ = die(here.redis, JOB)
    shown = audience("dead", "show", id_, "--payload").succeeded().out
    assert json.loads(shown) == JOB["payload"]
    file = tmp_path / "payload.json"
    file.write_text(shown.replace("Travel Enthusiasts", "Travellers"))
    done = audience("dead", "edit", id_, "--payload", str(file)).succeeded()
    assert done.out == f"{id_}: edited at /name\nSend it: audience dead replay {id_}\n"
    text = audience("dead", "show", id_).succeeded().out
    assert ": /name" in text
    assert json.loads(audience("dead", "show", id_, "--payload").succeeded().out) == NEW
    audience("dead", "replay", id_).succeeded()
    edited, replayed = audit(audience)
    assert (edited["action"], edited["target"], edited["detail"]) == ("edit", id_, {"changed": ["/name"]})
    assert (replayed["action"], replayed["target"], replayed["detail"]) == ("replay", id_, {"run": 2})
    assert edited["who"] == replayed["who"]


def test_the_audit_is_exported_whole_and_reads_as_words(audience: Audience, here: Service) -> None:
    for number in range(101):
        orders = Orders(here.redis, "pubmatic", f"operator-{number}")
        orders.pause("acme", None, "a wrong token")
    assert [line["who"] for line in audit(audience)] == [f"operator-{number}" for number in range(101)]
    table = audience("audit").succeeded()
    assert "reason: a wrong token" in table.out
    assert "{" not in table.out
    assert "operator-0 " not in table.out
    assert "There are older ones than these 100" in table.err


def test_a_kind_is_mended_by_what_is_merged_into_each_payload(audience: Audience, here: Service) -> None:
    ids = {die(here.redis, JOB | {"id": f"job-{number}"}) for number in range(3)}
    lost = die(here.redis, JOB | {"id": "lost"}, category="outcome_unknown")
    merge = ("--merge", '{"dataProviderId": "384", "description": null}')
    would = audience("dead", "edit", "--all", *merge, "--dry-run", "--json").succeeded().lines
    assert {line["id"] for line in would if line["would_edit"]} == ids
    assert not any(line["edited"] for line in would)
    assert audit(audience) == []
    done = audience("dead", "edit", "--all", *merge).succeeded()
    assert "job-0/1: edited at /description, /dataProviderId" in done.out
    assert f"{lost}: not edited: its create or change may have been applied" in done.out
    assert done.err == "3 edited, 1 kept.\n"
    expected = {name: value for name, value in JOB["payload"].items() if name != "description"}
    for id_ in ids:
        (letter,) = audience("dead", "show", id_, "--json").succeeded().lines
        assert letter["edits"][0]["new"] == expected | {"dataProviderId": "384"}
        assert json.loads(letter["body"])["payload"] == JOB["payload"]
    begun, ended = audit(audience)
    about = {"filter": {}, "changed": ["/dataProviderId", "/description"]}
    assert (begun["action"], begun["detail"]) == ("edit", about | {"begun": True})
    assert ended["detail"] == about | {"done": 3, "kept": 1}
    audience("dead", "edit", *ids, "--merge", '{"price": "2.0"}').succeeded()
    assert [line["detail"] for line in audit(audience)[2:]] == [{"changed": ["/price"]}] * 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--all",), "--payload FILE for one, or --merge JSON"),
        (("--all", "--merge", "[]"), "no JSON object"),
        (("--all", "--merge", '{"price": "2.0", "price": "3.0"}'), "expected at /price: this key once in its object"),
        (("--all", "--merge", '{"price": NaN}'), "expected at /price: a finite number"),
        (("--all", "--payload", "-"), "for one, by its id"),
        (("--merge", '{"price": "2.0"}'), "either ids, or filters, or --all"),
    ],
)
def test_an_edit_that_is_asked_for_wrongly_says_how(audience: Audience, arguments: tuple[str, ...], says: str) -> None:
    assert says in audience("dead", "edit", *arguments).failed_with(2)


def test_what_is_merged_makes_no_invalid_job(audience: Audience, here: Service) -> None:
    id_ = die(here.redis, JOB)
    said = audience("dead", "edit", id_, "--merge", '{"price": "dear"}').failed_with(1)
    assert f"{id_}: not edited: it would be no valid job; expected at /price: " in said
    assert "edits" not in here.redis.hgetall("audience:{pubmatic}:dead:acme/" + JOB["id"] + "/1")


def test_an_edit_that_fails_says_why_and_where(audience: Audience, here: Service) -> None:
    id_ = die(here.redis, JOB)
    wrong = as_json(NEW | {"price": "dear"})
    said = audience("dead", "edit", id_, "--payload", "-", stdin=wrong).failed_with(1)
    assert said.startswith(f"{id_}: not edited: it would be no valid job; expected at /price: ")
    assert "dear" not in said
    assert "cannot be read" in audience("dead", "edit", id_, "--payload", "no-such-file").failed_with(2)
    message = refuse(here, b"nonsense")
    assert "shows its bytes" in audience("dead", "show", message, "--payload").failed_with(1)


def test_a_mended_message_comes_in_and_its_line_stands_in_the_audit(audience: Audience, here: Service) -> None:
    id_ = refuse(here, b"nonsense")
    audience("dead", "edit", id_, "--payload", "-", stdin=as_json(JOB)).succeeded()
    audience("dead", "replay", id_).succeeded()
    assert [(line["action"], line["target"]) for line in audit(audience)] == [("edit", id_), ("replay", id_)]


def test_discards_need_a_reason_and_say_what_they_did(audience: Audience, here: Service) -> None:
    ids = {die(here.redis, JOB | {"id": f"job-{number}"}) for number in range(3)}
    kept = die(here.redis, JOB | {"id": "kept"}, category="auth")
    rejected = ("--category", "rejected_by_provider")
    assert "reason" in audience("dead", "discard", *rejected).failed_with(2)
    assert "--reason is empty" in audience("dead", "discard", *rejected, "--reason", " ").failed_with(2)
    would = audience("dead", "discard", *rejected, "--reason", "sent by hand", "--dry-run", "--json").succeeded()
    assert {line["id"] for line in would.lines} == ids
    assert dead(here) == 4
    done = audience("dead", "discard", *rejected, "--reason", "sent by hand", "--json").succeeded()
    assert [line["discarded"] for line in done.lines] == [True] * 3
    assert "3 discarded, 0 kept" in done.err
    assert f"{kept}: discarded" in audience("dead", "discard", kept, "--reason", "old").succeeded().out
    assert "no such dead letter" in audience("dead", "discard", kept, "--reason", "old").failed_with(1)
    begun, ended, one = audit(audience)
    about = {"filter": {"category": "rejected_by_provider"}, "reason": "sent by hand"}
    assert (begun["target"], begun["detail"]) == ("pubmatic/*", about | {"begun": True})
    assert ended["detail"] == about | {"done": 3, "kept": 0}
    assert (one["target"], one["detail"]) == (kept, {"reason": "old"})


def test_a_replay_is_stopped_between_two_and_goes_on_later(audience: Audience, here: Service) -> None:
    for number in range(8):
        die(here.redis, JOB | {"id": f"job-{number}"})
    command = [*COMMAND, "dead", "replay", "--all", "--rate", "2/s", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **audience.env}, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(30) == 130
    left = dead(here)
    assert 0 < left < 8
    assert said == (
        f"Stopped: {8 - left} replayed, 0 kept. The rest is as it was: the same command goes on from here.\n"
    )
    assert f"{left} replayed, 0 kept." in audience("dead", "replay", "--all", "--rate", "1000/s").succeeded().err
    assert dead(here) == 0
    details = [line["detail"] for line in audit(audience)]
    assert details[1] == {"filter": {}, "rate": "2/s", "done": 8 - left, "kept": 0, "stopped": True}
    assert details[3] == {"filter": {}, "rate": "1000/s", "done": left, "kept": 0}


def test_one_run_is_chosen(audience: Audience, here: Service) -> None:
    first = die(here.redis, JOB)
    assert [line["id"] for line in audience("dead", "list", "--run", "1", "--json").succeeded().lines] == [first]
    assert audience("dead", "replay", "--run", "2").succeeded().err.startswith("0 replayed, 0 kept.")


def test_what_was_exported_comes_back_once(audience: Audience, here: Service, tmp_path: Path) -> None:
    for number in range(3):
        die(here.redis, JOB | {"id": f"job-{number}"})
    refuse(here, b"nonsense")
    exported = audience("dead", "export").succeeded()
    here.redis.flushall()
    file = tmp_path / "dead.jsonl"
    file.write_text(exported.out.replace('"count": 1', '"count": 0', 1) + "nonsense\n\n" + exported.out)
    said = audience("dead", "import", str(file)).failed_with(1).splitlines()
    assert said == [
        "line 1: expected at /count: a whole number of at least 1",
        "line 5: expected one JSON object, as `audience dead export` writes it",
        "4 restored, 3 here already, 2 unfit.",
    ]
    again = audience("dead", "import", "-", stdin=exported.out.encode()).succeeded()
    assert again.err == "0 restored, 4 here already.\n"
    assert audience("dead", "export").succeeded().lines == exported.lines
    targets = {(line["action"], line["target"]) for line in audit(audience)}
    assert targets == {("import", "pubmatic/*"), ("import", "rejected/*")}
    assert "cannot be read" in audience("dead", "import", "no-such-file").failed_with(2)


@pytest.mark.parametrize("order", [("replay",), ("discard", "--reason", "x")])
def test_an_order_names_either_ids_or_a_filter_or_all(audience: Audience, order: tuple[str, ...]) -> None:
    for chosen in ((), ("a/b/c/1", "--run", "1"), ("--all", "--run", "1")):
        assert "either ids, or filters, or --all" in audience("dead", *order, *chosen).failed_with(2)
