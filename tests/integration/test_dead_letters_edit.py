"""What does an edit change? The payload of the next replay, and what the door knows of the job; nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import redis
from command import as_json, example
from dead import die, fail, refuse
from real import RedisServer

from workers.bootstrap import Endpoints, Service
from workers.dead_letters.answers import CHANGED, GONE, Edited, Kept, Replayed
from workers.dead_letters.edit import NO_JOB, NOT_WHOLE, UNKNOWN_OUTCOME, Editor
from workers.dead_letters.merge import Merge
from workers.dead_letters.replay import Replayer
from workers.dead_letters.scripts import run
from workers.dead_letters.show import show
from workers.dead_letters.stored import read
from workers.dead_letters.summary import Place
from workers.intake.door import Entered
from workers.intake.message import from_queue
from workers.settings import Settings

JOB = example("pubmatic-create-simple")
NEW = JOB["payload"] | {"name": "Travellers", "price": "2.0"}


@pytest.fixture
def here(every_redis: RedisServer, state: redis.Redis, tmp_path: Path) -> Service:
    assert state.dbsize() == 0
    config = tmp_path / "audience.toml"
    config.write_text('[pubmatic.accounts.acme]\naccess_token = { env = "T" }')
    return Service(Settings(config=config), Endpoints(every_redis.url, every_redis.url))


def place_of(id_: str) -> Place:
    place = Place.of(id_)
    assert place is not None
    return place


def edit(here: Service, id_: str, given: Any, **how: bool) -> Edited | Kept:
    given = given if isinstance(given, bytes) else as_json(given)
    return Editor.of(here.door, here.redis).edit(place_of(id_), given, "ann@desk", **how)


def replay(here: Service, id_: str) -> Any:
    return Replayer.of(here.door, here.redis).replay(place_of(id_))


def enter(here: Service, job: dict[str, Any]) -> Entered:
    (entered,) = here.door.enter([from_queue(as_json(job), here.door.payloads)])
    return entered


def body(here: Service, id_: str = JOB["id"]) -> Any:
    """The job that waits in its lane."""
    return json.loads(here.redis.hget("audience:{pubmatic}:bodies:acme", id_) or b"null")


def audit(here: Service, partition: str = "pubmatic") -> list[dict[bytes, bytes]]:
    entries: Any = here.redis.xrange(f"audience:{{{partition}}}:audit")
    return [fields for _, fields in entries]


def test_the_next_replay_sends_the_new_payload_in_the_old_envelope(here: Service) -> None:
    id_ = die(here.redis, JOB | {"correlation_id": "c-1"})
    assert edit(here, id_, NEW) == Edited(id_, ("/name", "/price"))
    assert replay(here, id_) == Replayed(id_, 2)
    assert body(here) == JOB | {"correlation_id": "c-1", "payload": NEW}


def test_what_was_sent_first_and_each_edit_stay_to_be_seen_through_all_runs(here: Service) -> None:
    id_ = die(here.redis, JOB)
    edit(here, id_, NEW)
    edit(here, id_, NEW | {"price": "3.0"})
    letter = show(here.redis, place_of(id_))
    assert letter is not None
    assert json.loads(letter.body or "") == JOB
    assert [(each.who, each.changed, each.old, each.new) for each in letter.edits] == [
        ("ann@desk", ["/name", "/price"], JOB["payload"], NEW),
        ("ann@desk", ["/price"], NEW, NEW | {"price": "3.0"}),
    ]
    replay(here, id_)
    again = show(here.redis, place_of(fail(here.redis, JOB)))
    assert again is not None
    assert (again.run, again.edits) == (2, letter.edits)
    assert json.loads(again.body or "")["payload"]["price"] == "3.0"


def test_the_audit_says_who_and_where_and_never_what(here: Service) -> None:
    id_ = die(here.redis, JOB)
    edit(here, id_, NEW)
    (line,) = audit(here)
    assert (line[b"who"], line[b"action"]) == (b"ann@desk", b"edit")
    assert f"pubmatic/{line[b'target'].decode()}" == id_
    assert json.loads(line[b"detail"]) == {"changed": ["/name", "/price"]}


def test_what_cannot_be_read_of_a_message_is_not_lost_by_an_edit_of_the_rest(here: Service) -> None:
    twice = (
        as_json(JOB | {"payload": {}})[:-1]
        + b', "expires_at": "2026-01-01T00:00:00Z", "expires_at": "2027-01-01T00:00:00Z"}'
    )
    id_ = refuse(here, twice)
    assert edit(here, id_, NEW) == Kept(id_, NOT_WHOLE)
    editor = Editor.of(here.door, here.redis)
    for dry_run in (True, False):
        patch = Merge({"payload": NEW}, dry_run=dry_run)
        assert editor.merge(place_of(id_), patch, "ann") == Kept(id_, NOT_WHOLE)
    assert isinstance(edit(here, id_, JOB), Edited)


def test_an_edited_job_is_known_as_what_was_sent_and_as_what_it_was_edited_to(here: Service) -> None:
    id_ = die(here.redis, JOB)
    edit(here, id_, NEW)
    replay(here, id_)
    assert enter(here, JOB) is Entered.DUPLICATE
    assert enter(here, JOB | {"payload": NEW}) is Entered.DUPLICATE
    assert enter(here, JOB | {"payload": NEW | {"price": "9.0"}}) is Entered.REJECTED
    fail(here.redis, JOB)
    assert enter(here, JOB | {"payload": NEW}) is Entered.REPEATED


def test_until_the_replay_the_door_knows_what_was_sent(here: Service) -> None:
    edit(here, die(here.redis, JOB), NEW)
    assert enter(here, JOB) is Entered.REPEATED
    assert enter(here, JOB | {"payload": NEW}) is Entered.REJECTED


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (NEW | {"price": "dear"}, "expected at /price: "),
        (NEW | {"colour": "red"}, "expected at /colour: not given: this field is unknown"),
        ([], "expected at its root: an object"),
        (b"{", "JSON; it stops being so at line 1"),
        (b'{"name": "a", "name": "b"}', "this key once in its object"),
        (JOB, "at /id: not given: this field is unknown"),
        (JOB["payload"], "that is what it holds already"),
    ],
    ids=["value", "field", "array", "no JSON", "twice", "whole job", "same"],
)
def test_what_is_no_new_payload_changes_nothing(here: Service, given: Any, says: str) -> None:
    id_ = die(here.redis, JOB)
    before = here.redis.hgetall(place_of(id_).key)
    answer = edit(here, id_, given)
    assert isinstance(answer, Kept)
    assert says in answer.why
    assert here.redis.hgetall(place_of(id_).key) == before
    assert audit(here) == []


def test_an_unknown_outcome_is_edited_only_by_force_and_still_looked_for(here: Service) -> None:
    id_ = die(here.redis, JOB, category="outcome_unknown")
    assert edit(here, id_, NEW) == Kept(id_, UNKNOWN_OUTCOME)
    assert isinstance(edit(here, id_, NEW, force=True), Edited)
    replay(here, id_)
    record = here.lanes["pubmatic"].show("acme", JOB["id"])
    assert record is not None
    assert record["look"] == "1"


def test_what_could_not_be_replayed_is_not_edited(here: Service) -> None:
    id_ = die(here.redis, JOB, category="expired", replayable=False)
    answer = edit(here, id_, NEW)
    assert isinstance(answer, Kept)
    assert "its expires_at has passed" in answer.why
    assert edit(here, "pubmatic/acme/nobody/1", NEW) == Kept("pubmatic/acme/nobody/1", GONE)


def test_of_two_edits_at_once_the_second_is_told(here: Service) -> None:
    id_ = die(here.redis, JOB)
    seen = read(here.redis, place_of(id_))
    assert seen is not None
    edit(here, id_, NEW)
    assert Editor.of(here.door, here.redis).keep(seen, JOB | {"payload": {"a": 1}}, "bob") == Kept(id_, CHANGED)
    letter = show(here.redis, place_of(id_))
    assert letter is not None
    assert [each.who for each in letter.edits] == ["ann@desk"]


def test_a_messages_payload_is_mended_in_its_place(here: Service) -> None:
    id_ = refuse(here, as_json(JOB | {"payload": NEW | {"price": "dear"}}))
    assert edit(here, id_, NEW) == Edited(id_, ("/payload/price",))
    assert replay(here, id_) == Replayed(id_, None)
    assert body(here) == JOB | {"payload": NEW}


@pytest.mark.parametrize(
    "message",
    [
        b"nonsense",
        b"\xff",
        b"[]",
        as_json({"id": 1}),
        as_json({"task": "audience.submit", "id": "1", "args": [], "kwargs": {}}),
    ],
)
def test_a_message_that_is_no_job_at_all_is_mended_as_a_whole(here: Service, message: bytes) -> None:
    id_ = refuse(here, message)
    assert isinstance(edit(here, id_, NEW), Kept)
    assert isinstance(edit(here, id_, JOB), Edited)
    letter = show(here.redis, place_of(id_))
    assert letter is not None
    assert letter.edits[0].new == JOB
    assert letter.body_base64 == "/w==" if message == b"\xff" else letter.body == message.decode()
    assert replay(here, id_) == Replayed(id_, None)
    assert body(here) == JOB


def test_a_message_that_is_no_object_has_no_payload_to_mend(here: Service) -> None:
    id_ = refuse(here, b"nonsense")
    assert edit(here, id_, NEW) == Kept(id_, NO_JOB)


def test_a_conflicting_duplicate_gets_an_id_of_its_own(here: Service) -> None:
    die(here.redis, JOB)
    id_ = refuse(here, as_json(JOB | {"payload": NEW}))
    refused = replay(here, id_)
    assert isinstance(refused, Kept)
    assert "edit it" in refused.why
    assert edit(here, id_, JOB | {"id": "another", "payload": NEW}) == Edited(id_, ("/id",))
    assert replay(here, id_) == Replayed(id_, None)
    assert body(here, "another")["payload"] == NEW


def test_the_same_bad_message_again_is_counted_and_keeps_the_edit(here: Service) -> None:
    id_ = refuse(here, as_json({"id": 1}))
    edit(here, id_, JOB)
    assert refuse(here, as_json({"id": 1})) == id_
    letter = show(here.redis, place_of(id_))
    assert letter is not None
    assert (letter.count, len(letter.edits)) == (2, 1)
    assert replay(here, id_) == Replayed(id_, None)
    assert body(here) == JOB


def test_removing_spares_what_has_died_anew_or_was_edited(here: Service) -> None:
    id_ = die(here.redis, JOB)
    place = place_of(id_)
    died_at: Any = here.redis.hget(place.key, "died_at")
    assert run(here.redis, "remove", "pubmatic", place.name, b"9", 0, "", "", "") == 0
    assert run(here.redis, "remove", "pubmatic", place.name, died_at, 7, "", "", "") == 0
    assert here.redis.exists(place.key)
    assert run(here.redis, "remove", "pubmatic", place.name, died_at, 0, "", "", "") == 1
    assert list(here.redis.scan_iter("audience:{pubmatic}:dead*")) == []
