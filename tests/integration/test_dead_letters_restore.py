"""What comes back of a dead letter that was exported? All that can be seen of it, and all that its replay needs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from command import as_json, example
from dead import die, fail, refuse
from real import RedisServer

from schemas.instant import write
from workers.bootstrap import Endpoints, Service
from workers.dead_letters.answers import Kept, Replayed
from workers.dead_letters.edit import Editor
from workers.dead_letters.filter import Filter
from workers.dead_letters.find import find
from workers.dead_letters.group import group
from workers.dead_letters.replay import Replayer
from workers.dead_letters.restore import Restorer, Unfit
from workers.dead_letters.show import show
from workers.dead_letters.summary import Place
from workers.intake.door import Entered
from workers.intake.message import from_queue
from workers.monitoring import jobs
from workers.settings import Settings

JOB = example("pubmatic-create-simple")
RECORD = f"audience:{{pubmatic}}:job:acme/{JOB['id']}"
NEW = JOB["payload"] | {"name": "Travellers"}


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


def exported(here: Service, id_: str) -> dict[str, Any]:
    letter = show(here.redis, place_of(id_))
    assert letter is not None
    return letter.model_dump(mode="json", exclude_unset=True)


def restorer(here: Service, keep_s: float = 86_400.0, known_s: float = 3600.0) -> Restorer:
    return Restorer(here.redis, {"pubmatic", "mintegral"}, keep_s, known_s)


def restore(here: Service, letter: dict[str, Any], keep_s: float = 86_400.0, known_s: float = 3600.0) -> str:
    act = restorer(here, keep_s, known_s)
    return act.restore(act.read(as_json(letter)))


def enter(here: Service, payload: dict[str, Any]) -> Entered:
    """What the door makes of the job with this payload."""
    (entered,) = here.door.enter([from_queue(as_json(JOB | {"payload": payload}), here.door.payloads)])
    return entered


def sent(here: Service) -> list[tuple[bytes, bytes]]:
    """Events that are to go out, and their routing keys."""
    return [(line[b"event"], line[b"routing_key"]) for _, line in here.redis.xrange("audience:{pubmatic}:outbox")]


def edit(here: Service, id_: str, given: dict[str, Any]) -> None:
    Editor.of(here.door, here.redis).edit(place_of(id_), as_json(given), "ann@desk")


def replay(here: Service, id_: str) -> Any:
    return Replayer.of(here.door, here.redis).replay(place_of(id_))


@pytest.mark.parametrize("edited", [False, True])
def test_a_job_comes_back_whole_and_its_replay_sends_what_it_would_have_sent(here: Service, edited: bool) -> None:  # noqa: FBT001
    id_ = die(here.redis, JOB)
    if edited:
        edit(here, id_, NEW)
    letter = exported(here, id_)
    here.redis.flushall()
    assert restore(here, letter) == "restored"
    assert exported(here, id_) == letter
    assert [each.count for each in group(here.redis, ["pubmatic"], Filter(category="rejected_by_provider"))] == [1]
    assert replay(here, id_) == Replayed(id_, 2)
    sent = json.loads(here.redis.hget("audience:{pubmatic}:bodies:acme", JOB["id"]) or b"")
    assert sent == (JOB | {"payload": NEW} if edited else JOB)
    record = here.lanes["pubmatic"].show("acme", JOB["id"])
    assert record is not None
    assert (record["run"], record["priority"], record["look"]) == ("2", "0", "0")


def test_the_door_knows_a_replayed_job_again(here: Service) -> None:
    id_ = die(here.redis, JOB)
    edit(here, id_, NEW)
    letter = exported(here, id_)
    here.redis.flushall()
    restore(here, letter)
    replay(here, id_)
    assert [enter(here, payload) for payload in (JOB["payload"], NEW)] == [Entered.DUPLICATE] * 2


def test_the_door_knows_the_job_as_if_nothing_had_been_lost(here: Service) -> None:
    id_ = die(here.redis, JOB)
    answered = sent(here)
    record = jobs.read(here, "pubmatic", "acme", JOB["id"])
    letter = exported(here, id_)
    here.redis.flushall()
    restore(here, letter)
    assert enter(here, JOB["payload"]) is Entered.REPEATED
    assert sent(here) == answered
    assert enter(here, NEW) is Entered.REJECTED
    assert [each.category for each in find(here.redis, ["pubmatic"], Filter())] == [
        "conflicting_duplicate", "rejected_by_provider",
    ]  # fmt: skip
    again = jobs.read(here, "pubmatic", "acme", JOB["id"])
    told = {"state", "run", "attempts", "requests", "finished_at", "history", "event"}
    assert again is not None
    assert record is not None
    assert {name: again[name] for name in told} == {name: record[name] for name in told}


def test_what_a_job_was_before_its_edit_is_known_of_its_later_runs_too(here: Service) -> None:
    id_ = die(here.redis, JOB)
    edit(here, id_, NEW)
    replay(here, id_)
    letter = exported(here, fail(here.redis, JOB | {"payload": NEW}))
    here.redis.flushall()
    restore(here, letter)
    assert [enter(here, payload) for payload in (JOB["payload"], NEW)] == [Entered.REPEATED] * 2


def test_a_job_is_known_for_no_longer_than_it_would_have_been(here: Service) -> None:
    letter = exported(here, die(here.redis, JOB))
    letter["died_at"] = write(datetime.now(UTC) - timedelta(seconds=600))
    for known_s, left_ms in ((1000.0, 400_000), (599.0, -2)):
        here.redis.flushall()
        restore(here, letter, known_s=known_s)
        assert here.redis.pttl(RECORD) == pytest.approx(left_ms, abs=10_000)
    assert enter(here, JOB["payload"]) is Entered.NEW


def test_a_record_that_is_here_stays_as_it_is(here: Service) -> None:
    id_ = die(here.redis, JOB)
    letter = exported(here, id_)
    here.redis.delete(place_of(id_).key)
    here.redis.hset(RECORD, "accepted_at", 1_000_000)
    here.redis.persist(RECORD)
    before = here.redis.hgetall(RECORD)
    assert restore(here, letter) == "restored"
    assert here.redis.hgetall(RECORD) == before
    assert here.redis.pttl(RECORD) == -1


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_of_two_runs_that_are_imported_the_later_one_is_the_jobs(here: Service, order: slice) -> None:
    first = die(here.redis, JOB)
    here.redis.delete(RECORD)  # its time was over, and the id was used again
    second = die(here.redis, JOB | {"payload": NEW})
    letters = [exported(here, id_) for id_ in (first, second)]
    here.redis.flushall()
    assert [restore(here, letter) for letter in letters[order]] == ["restored", "restored"]
    assert enter(here, NEW) is Entered.REPEATED
    assert replay(here, first) == Kept(first, "a later run or a new job of the same id exists: that one decides")
    assert replay(here, second) == Replayed(second, 3)
    assert restore(here, letters[0]) == "known"
    assert restore(here, letters[1]) == "overtaken"


@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("body", [b"\xff\x00", b"[1]", as_json({"id": 1})])
def test_a_message_comes_back_whole(here: Service, body: bytes, edited: bool) -> None:  # noqa: FBT001
    id_ = refuse(here, body)
    if edited:
        edit(here, id_, JOB)
    letter = exported(here, id_)
    here.redis.flushall()
    assert restore(here, letter) == "restored"
    assert exported(here, id_) == letter
    assert isinstance(replay(here, id_), Replayed) == edited


def test_an_unknown_outcome_is_looked_for_from_the_time_of_its_first_lost_answer(here: Service) -> None:
    id_ = die(here.redis, JOB, category="outcome_unknown")
    letter = exported(here, id_)
    letter["attempts"][0] |= {"outcome": "Unknown"}
    here.redis.flushall()
    restore(here, letter)
    replay(here, id_)
    record = here.lanes["pubmatic"].show("acme", JOB["id"])
    assert record is not None
    assert (record["look"], record["unknown_since"]) == ("1", "1500000")


def test_an_expiry_still_holds(here: Service) -> None:
    id_ = die(here.redis, JOB | {"expires_at": "2030-01-01T00:00:00Z"})
    letter = exported(here, id_)
    here.redis.flushall()
    restore(here, letter)
    replay(here, id_)
    record = here.lanes["pubmatic"].show("acme", JOB["id"])
    assert record is not None
    assert record["expires_at"] == "1893456000000000"


def test_nobody_is_told(here: Service) -> None:
    letter = exported(here, die(here.redis, JOB))
    here.redis.flushall()
    restore(here, letter)
    assert here.redis.exists("audience:{pubmatic}:outbox") == 0


def test_the_same_one_twice_is_one_and_the_one_that_is_here_stays(here: Service) -> None:
    id_ = die(here.redis, JOB)
    letter = exported(here, id_)
    edit(here, id_, NEW)
    assert restore(here, letter) == "known"
    assert len(exported(here, id_)["edits"]) == 1


def test_a_job_that_went_on_since_the_export_has_no_use_for_it(here: Service) -> None:
    id_ = die(here.redis, JOB)
    letter = exported(here, id_)
    replay(here, id_)
    assert restore(here, letter) == "overtaken"
    assert not here.redis.exists(place_of(id_).key)


def test_a_discarded_one_may_come_back(here: Service) -> None:
    id_ = die(here.redis, JOB)
    letter = exported(here, id_)
    here.redis.delete(place_of(id_).key)
    assert restore(here, letter) == "restored"


def test_retention_counts_from_the_death(here: Service) -> None:
    id_ = die(here.redis, JOB)
    letter = exported(here, id_)
    here.redis.flushall()
    assert restore(here, letter, keep_s=0.0) == "expired"
    assert restore(here, letter, keep_s=600.0) == "restored"
    assert 0 < here.redis.pttl(place_of(id_).key) <= 600_000


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"died_at": "yesterday"}, "at /died_at: an RFC 3339 date"),
        ({"colour": "red"}, "at /colour: not given"),
        ({"run": 2}, "at /id: the id of a dead letter"),
        ({"body": "{}"}, "at /body: the job that the other fields tell of"),
        ({"body": "nonsense"}, "at /body: the job"),
        ({"body": as_json(JOB | {"account": "globex"}).decode()}, "at /body: the job"),
        ({"body": as_json(JOB | {"id": "another"}).decode()}, "at /body: the job"),
        ({"operation": "get_audience"}, "at /body: the job"),
    ],
)
def test_what_is_no_dead_letter_is_unfit(here: Service, changed: dict[str, Any], says: str) -> None:
    letter = exported(here, die(here.redis, JOB)) | changed
    with pytest.raises(Unfit, match=says):
        restorer(here).read(as_json(letter))


@pytest.mark.parametrize("line", [b"nonsense", b"[]", b"\xff", b"[" * 100_000, b"1"])
def test_a_line_that_is_no_json_object_is_unfit(here: Service, line: bytes) -> None:
    with pytest.raises(Unfit, match="expected"):
        restorer(here).read(line)


def test_a_provider_that_is_not_installed_is_named(here: Service) -> None:
    letter = exported(here, die(here.redis, JOB))
    with pytest.raises(Unfit, match="pubmatic is not installed here"):
        Restorer(here.redis, {"mintegral"}, 60.0, 60.0).read(as_json(letter))
