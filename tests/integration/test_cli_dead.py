"""What does an operator see of dead letters on the command line? All of them, some, one whole, and as a file."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path

import pytest
from command import COMMAND, Audience, example
from dead import die, listed, refuse

from schemas.dead_letter import DeadLetter
from workers.bootstrap import Service

CONTRACT = {
    "id", "provider", "account", "operation", "job_id", "run", "category", "provider_code", "message", "died_at",
    "count", "replayable",
}  # fmt: skip


def test_a_list_has_the_contracts_fields_newest_first(audience: Audience, here: Service) -> None:
    job = die(here.redis, example("pubmatic-create-simple"))
    message = refuse(here, b"nonsense")
    refuse(here, b"nonsense")
    lines = audience("dead", "list", "--json").succeeded().lines
    assert [line["id"] for line in lines] == [message, job]
    assert all(set(line) == CONTRACT for line in lines)
    assert (lines[0]["count"], lines[0]["category"], lines[0]["provider"], lines[0]["run"]) == (
        2,
        "invalid_job",
        None,
        None,
    )
    assert (lines[1]["count"], lines[1]["provider_code"], lines[1]["run"]) == (1, "AUD01_0034", 1)
    assert listed(audience, "--limit", "1") == [message]


def test_filters_choose(audience: Audience, here: Service) -> None:
    job = die(here.redis, example("pubmatic-create-simple"))
    message = refuse(here, b"nonsense")
    assert listed(audience, "--provider", "pubmatic", "--category", "rejected_by_provider") == [job]
    assert listed(audience, "--text", "NONSENSE") == [message]
    assert listed(audience, "--older-than", "1h") == []
    assert set(listed(audience, "--newer-than", "2d")) == {job, message}
    assert listed(audience, "--provider-code", "AUD01_0034", "--account", "acme", "--operation", "create_audience") == [
        job
    ]


def test_a_piped_table_has_every_id_whole_on_its_line(audience: Audience, here: Service) -> None:
    ids = {die(here.redis, example("pubmatic-create-simple", id="i" * 128)), refuse(here, b"nonsense")}
    head, *rows = audience("dead", "list").succeeded().out.splitlines()
    assert head.startswith("id ")
    assert {row.split()[0] for row in rows} == ids


@pytest.mark.parametrize(("columns", "whole"), [(80, ()), (120, ("rejected_by_provider", "AUD01_0034"))])
def test_a_terminals_table_folds_the_message_first_and_the_id_last(
    audience: Audience, here: Service, columns: int, whole: tuple[str, ...]
) -> None:
    id_ = die(here.redis, example("pubmatic-create-simple", id="order-17"), message="A long sentence. " * 9)
    lines = on_a_terminal(audience, columns, "dead", "list").splitlines()
    assert all(len(line.rstrip()) <= columns for line in lines)
    (line,) = [line for line in lines if id_ in line]
    assert all(text in line for text in whole)


def on_a_terminal(audience: Audience, columns: int, *arguments: str) -> str:
    """What a person sees of a command on a terminal so wide."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    env = {**os.environ, **audience.env, "TERM": "xterm"}
    process = subprocess.Popen([*COMMAND, *arguments], stdin=its, stdout=its, stderr=subprocess.STDOUT, env=env)
    os.close(its)
    seen = b""
    with contextlib.suppress(OSError):  # the end of a terminal, on Linux
        while some := os.read(ours, 65536):
            seen += some
    os.close(ours)
    assert process.wait(60) == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", seen.decode().replace("\r\n", "\n"))


def test_without_any_it_says_so(audience: Audience) -> None:
    assert audience("dead", "list").succeeded().out == "No dead letter.\n"
    assert audience("dead", "list", "--json").succeeded().out == ""
    said = audience("dead", "list", "--account", "nobody").succeeded().out
    assert said == "No dead letter that the filter lets through.\n"


def test_a_table_ends_and_says_that_there_are_more(audience: Audience, here: Service) -> None:
    for number in range(101):
        refuse(here, b"nonsense %d" % number)
    done = audience("dead", "list").succeeded()
    assert len(done.out.splitlines()) == 101
    assert "There are more than these 100" in done.err
    assert len(listed(audience)) == 101


def test_groups_have_the_contracts_fields(audience: Audience, here: Service) -> None:
    for number in range(3):
        die(here.redis, example("pubmatic-create-simple", id=f"job-{number}"))
    (group,) = audience("dead", "list", "--group", "--json").succeeded().lines
    names = {"provider", "account", "operation", "category", "provider_code", "count", "first_seen", "last_seen"}
    assert set(group) == names
    assert (group["count"], group["provider_code"]) == (3, "AUD01_0034")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("list", "--older-than", "soon"), "90s, 30min, 1h, 2d"),
        (("list", "--category", "auht"), "one of invalid_job"),
        (("show", "nonsense"), "audience dead list"),
        (("replay",), "either ids, or filters"),
        (("replay", "a/b/c/1", "--category", "auth"), "either ids, or filters"),
        (("replay", "--all", "--rate", "fast"), "5/s"),
    ],
)
def test_wrong_usage_says_how(audience: Audience, arguments: tuple[str, ...], says: str) -> None:
    assert says in audience("dead", *arguments).failed_with(2)


def test_one_is_shown_whole(audience: Audience, here: Service) -> None:
    job = example("pubmatic-create-simple")
    id_ = die(here.redis, job)
    (shown,) = audience("dead", "show", id_, "--json").succeeded().lines
    DeadLetter.model_validate(shown)
    assert json.loads(shown["body"]) == job
    assert shown["event"]["id"] == id_
    (attempt,) = shown["attempts"]
    assert (attempt["started_at"], attempt["ended_at"]) == ("1970-01-01T00:00:01.500Z", "1970-01-01T00:00:02.250Z")
    text = audience("dead", "show", id_).succeeded().out
    assert f"audience dead replay {id_}" in text


def test_bytes_that_are_no_text_are_shown_as_base64(audience: Audience, here: Service) -> None:
    id_ = refuse(here, b"\xff\x00")
    (shown,) = audience("dead", "show", id_, "--json").succeeded().lines
    assert base64.b64decode(shown["body_base64"]) == b"\xff\x00"
    assert "body" not in shown
    assert "cannot be replayed" not in audience("dead", "show", id_).succeeded().out


@pytest.mark.parametrize(
    ("category", "says"), [("outcome_unknown", "It may have been applied"), ("rejected_by_provider", "said no")]
)
def test_what_is_known_of_the_outcome_is_shown(audience: Audience, here: Service, category: str, says: str) -> None:
    shown = audience("dead", "show", die(here.redis, example("pubmatic-create-simple"), category)).succeeded().out
    (line,) = [line for line in shown.splitlines() if line.startswith("outcome ")]
    assert says in line
    assert "replayable     yes" in shown


def test_what_a_message_holds_cannot_steer_the_terminal(audience: Audience, here: Service) -> None:
    id_ = refuse(here, b"\x1b[2J nonsense \x1b]0;title\x07")
    assert "\x1b" not in audience("dead", "show", id_).succeeded().out


def test_a_lost_worker_leaves_an_attempt_without_an_end(audience: Audience, here: Service) -> None:
    id_ = die(here.redis, example("pubmatic-create-simple"))
    line = '{"run":1,"number":1,"started_at":3.5,"outcome":"Unknown","requests":1,"message":"the worker was lost"}'
    here.redis.hset(f"audience:{{pubmatic}}:dead:{id_.removeprefix('pubmatic/')}", "history", line)
    (shown,) = audience("dead", "show", id_, "--json").succeeded().lines
    assert shown["attempts"][0]["ended_at"] is None


def test_what_is_not_there_is_a_failure(audience: Audience) -> None:
    assert "audience dead list" in audience("dead", "show", "pubmatic/acme/nobody/1").failed_with(1)
    assert "no such dead letter" in audience("dead", "replay", "pubmatic/acme/nobody/1").failed_with(1)


def test_export_writes_them_whole(audience: Audience, here: Service, tmp_path: Path) -> None:
    ids = [die(here.redis, example("pubmatic-create-simple")), refuse(here, b"nonsense")]
    lines = audience("dead", "export").succeeded().lines
    assert [line["id"] for line in lines] == ids[::-1]
    for line in lines:
        DeadLetter.model_validate(line)
    file = tmp_path / "dead.jsonl"
    audience("dead", "export", "--out", str(file), "--provider", "pubmatic").succeeded()
    assert json.loads(file.read_text())["id"] == ids[0]
    assert "File exists" in audience("dead", "export", "--out", str(file)).failed_with(2)
