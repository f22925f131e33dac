"""Who may enqueue for which account, and what becomes of what others send? At the door, and when it is replayed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import redis
import structlog
from command import as_json, example
from dead import fail, refuse
from jws import HEADER, KEY, OTHER_KEY, jws
from real import RedisServer

from workers.bootstrap import Endpoints, Service
from workers.dead_letters.answers import Edited, Kept, Replayed
from workers.dead_letters.edit import UNSIGNED, Editor, Merge
from workers.dead_letters.replay import Replayer
from workers.dead_letters.show import show
from workers.dead_letters.summary import Place
from workers.intake.allowed import BARE, BY_A_PRODUCER, SIGNED
from workers.intake.door import Entered
from workers.intake.message import from_queue
from workers.settings import Settings, SettingsError

JOB = example("pubmatic-create-simple")
NEW = JOB["payload"] | {"name": "Travellers"}
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
CONFIG = """
[pubmatic.accounts]
acme = { access_token = { env = "T" }, producers = { crm = { file = "DIR/crm" }, erp = { file = "DIR/erp" } } }
globex = { access_token = { env = "T" }, producers = { shop = { file = "DIR/shop" } } }
initech = { access_token = { env = "T" } }
"""


@pytest.fixture
def here(every_redis: RedisServer, state: redis.Redis, tmp_path: Path) -> Service:
    assert state.dbsize() == 0
    for name, key in {"crm": KEY, "erp": OTHER_KEY, "shop": "shop-" * 8}.items():
        (tmp_path / name).write_text(key + "\n")
    return service(every_redis, tmp_path, CONFIG)


def service(server: RedisServer, folder: Path, config: str) -> Service:
    (folder / "audience.toml").write_text(config.replace("DIR", str(folder)))
    return Service(Settings(config=folder / "audience.toml"), Endpoints(server.url, server.url))


def signed(key: str = KEY, kid: str = "crm", **changes: Any) -> bytes:
    return jws(JOB | changes, key, HEADER | {"kid": kid})


def enter(here: Service, body: bytes) -> Entered:
    (entered,) = here.door.enter([from_queue(body, here.door.payloads)])
    return entered


def event_of(here: Service, id_: str) -> Any:
    letter = show(here.redis, place_of(id_))
    assert letter is not None
    return letter.event.model_dump(mode="json", exclude_unset=True)


def place_of(id_: str) -> Place:
    place = Place.of(id_)
    assert place is not None
    return place


def replay(here: Service, id_: str) -> Any:
    return Replayer.of(here.door, here.redis).replay(place_of(id_), "ann@desk")


def edit(here: Service, id_: str, given: Any, *, force: bool = False) -> Any:
    return Editor.of(here.door, here.redis).edit(place_of(id_), as_json(given), "ann@desk", force=force)


def waiting(here: Service, account: str = "acme") -> dict[str, Any]:
    bodies: Any = here.redis.hgetall(f"audience:{{pubmatic}}:bodies:{account}")
    return {name.decode(): json.loads(body) for name, body in bodies.items()}


def test_what_waits_is_the_job_alone_whoever_of_its_account_signed_it(here: Service) -> None:
    assert enter(here, signed()) is Entered.NEW
    assert waiting(here) == {JOB["id"]: JOB}
    assert enter(here, signed(OTHER_KEY, "erp")) is Entered.DUPLICATE
    assert enter(here, signed(payload=NEW)) is Entered.REJECTED  # a conflicting duplicate


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (as_json(JOB), SIGNED),
        (as_json(JOB | {"payload": {}}), SIGNED),
        (as_json(JOB | {"signature": "x"}), SIGNED),
        (signed("a guess that is long enough to be a key"), BY_A_PRODUCER),
        (signed(OTHER_KEY), BY_A_PRODUCER),
        (signed(kid="erp"), BY_A_PRODUCER),
        (signed("shop-" * 8, "shop"), BY_A_PRODUCER),
        (signed(kid="nobody"), BY_A_PRODUCER),
        (signed(kid="CRM"), BY_A_PRODUCER),
        (signed(kid="pubmatic.accounts.acme.producers.crm"), BY_A_PRODUCER),
        (signed(account="globex"), BY_A_PRODUCER),
        (signed(payload={})[:-1], BY_A_PRODUCER),
    ],
)
def test_what_no_producer_of_the_account_signed_is_kept_out_and_told_how_it_is_done(
    here: Service, body: bytes, expected: str
) -> None:
    id_ = refuse(here, body)
    event = event_of(here, id_)
    assert event["data"]["error"]["category"] == "invalid_job"
    assert event["data"]["error"]["details"] == [{"pointer": "", "expected": expected}]
    assert (waiting(here), waiting(here, "globex")) == ({}, {})


def test_nobody_can_have_the_job_of_another_called_rejected(here: Service) -> None:
    enter(here, signed(correlation_id="c-1"))
    for body in (as_json(JOB), as_json(JOB | {"payload": {}}), signed("a guess of a key that is long enough")):
        id_ = refuse(here, body)
        event = event_of(here, id_)
        told = {name: event["data"][name] for name in ("job_id", "account", "correlation_id", "metadata")}
        assert told == dict.fromkeys(told)
        assert event.get("subject") is None
        letter = show(here.redis, place_of(id_))
        assert letter is not None
        assert (letter.account, letter.job_id) == ("acme", JOB["id"])  # the operator sees what it says
    assert waiting(here) == {JOB["id"]: JOB | {"correlation_id": "c-1"}}


def test_a_forged_job_takes_no_id_from_a_real_one(here: Service) -> None:
    assert enter(here, as_json(JOB | {"payload": NEW})) is Entered.REJECTED
    assert enter(here, signed()) is Entered.NEW


def test_a_signed_job_that_is_wrong_is_told_where(here: Service) -> None:
    event = event_of(here, refuse(here, signed(payload=JOB["payload"] | {"price": "free"})))
    assert [each["pointer"] for each in event["data"]["error"]["details"]] == ["/payload/price"]
    assert (event["data"]["job_id"], event["data"]["account"]) == (JOB["id"], "acme")


def test_an_account_without_producers_takes_jobs_from_anybody_and_no_signature(here: Service) -> None:
    assert enter(here, as_json(JOB | {"account": "initech"})) is Entered.NEW
    event = event_of(here, refuse(here, signed(account="initech", id="other")))
    assert event["data"]["error"]["details"] == [{"pointer": "", "expected": BARE}]
    assert (event["data"]["job_id"], event["data"]["account"]) == ("other", "initech")


def test_a_signature_opens_no_account_that_is_not_there(here: Service) -> None:
    event = event_of(here, refuse(here, signed(account="nobody")))
    assert event["data"]["error"]["category"] == "unknown_account"


def test_a_new_key_counts_at_once_and_the_old_one_no_more(here: Service, tmp_path: Path) -> None:
    new = "a-new-key-of-crm-that-is-long-enough-too"
    assert enter(here, signed()) is Entered.NEW
    (tmp_path / "crm").write_text(new)
    assert enter(here, signed(new)) is Entered.DUPLICATE
    assert enter(here, signed()) is Entered.REJECTED


def test_a_key_that_cannot_be_read_is_our_own_fault_and_told_to_the_operator(here: Service, tmp_path: Path) -> None:
    (tmp_path / "crm").write_text("short")
    with structlog.testing.capture_logs() as lines:
        id_ = refuse(here, signed())
    (line,) = [each for each in lines if each["event"] == "message.unchecked"]
    assert line["error"].startswith(f"the file {tmp_path / 'crm'} holds no signing key: a signing key has at least 32")
    event = event_of(here, id_)
    assert (event["data"]["error"]["category"], event["data"]["job_id"]) == ("internal", None)
    refuse(here, signed(operation="no.such.operation"))
    keys: Any = [fields[b"routing_key"] for _, fields in here.redis.xrange("audience:{rejected}:outbox")]
    assert keys == [b"pubmatic.create_audience.rejected", b"pubmatic.unknown.rejected"]
    for answer in (replay(here, id_), edit(here, id_, NEW)):
        assert "its signature cannot be checked" in answer.why
    (tmp_path / "crm").write_text(KEY)
    assert replay(here, id_) == Replayed(id_, None)
    assert waiting(here) == {JOB["id"]: JOB}


@pytest.mark.parametrize("content", [None, "", "short", CERTIFICATE])
def test_a_service_with_a_key_that_is_none_is_told_which(here: Service, tmp_path: Path, content: str | None) -> None:
    here.check_producers()
    (tmp_path / "erp").unlink()
    if content is not None:
        (tmp_path / "erp").write_text(content)
    with pytest.raises(SettingsError) as told:
        here.check_producers()
    assert "[pubmatic.accounts.acme.producers] erp: " in str(told.value)
    assert str(tmp_path / "erp") in str(told.value)
    assert not content or content not in str(told.value)


@pytest.mark.parametrize("body", [as_json(JOB), signed("a guess of a key that is long enough")])
def test_a_replay_of_what_nobody_signed_is_checked_again(here: Service, body: bytes) -> None:
    id_ = refuse(here, body)
    kept = Replayer.of(here.door, here.redis).would(place_of(id_))
    assert isinstance(kept, Kept)
    assert replay(here, id_) == kept
    assert kept.why.startswith("it is still no valid job: expected at its root: a ")
    assert waiting(here) == {}


def test_what_was_signed_before_the_service_knew_of_it_comes_in_by_a_replay(
    here: Service, every_redis: RedisServer, tmp_path: Path
) -> None:
    id_ = refuse(here, signed(account="initech"))
    changed = CONFIG.replace("initech = {", 'initech = { producers = { crm = { file = "DIR/crm" } },')
    knows = service(every_redis, tmp_path, changed)
    assert replay(knows, id_) == Replayed(id_, None)
    assert list(waiting(here, "initech")) == [JOB["id"]]


def test_what_was_sent_unsigned_does_not_come_in_once_its_account_has_producers(
    here: Service, every_redis: RedisServer, tmp_path: Path
) -> None:
    id_ = refuse(here, as_json(JOB | {"account": "newco"}))
    changed = CONFIG + 'newco = { access_token = { env = "T" }, producers = { crm = { file = "DIR/crm" } } }'
    knows = service(every_redis, tmp_path, changed)
    assert isinstance(replay(knows, id_), Kept)
    assert waiting(here, "newco") == {}


def test_an_operators_edit_of_a_signed_message_needs_no_signature(here: Service) -> None:
    id_ = refuse(here, signed(payload=JOB["payload"] | {"price": "free"}))
    assert edit(here, id_, JOB["payload"]) == Edited(id_, ("/payload/price",))
    assert replay(here, id_) == Replayed(id_, None)
    assert waiting(here) == {JOB["id"]: JOB}


@pytest.mark.parametrize("body", [as_json(JOB | {"payload": {}}), signed("a guess of a key that is long enough")])
def test_what_nobody_signed_is_let_in_by_an_edit_only_if_it_is_forced(here: Service, body: bytes) -> None:
    id_ = refuse(here, body)
    assert edit(here, id_, NEW) == Kept(id_, UNSIGNED)
    assert isinstance(edit(here, id_, NEW, force=True), Edited)
    assert replay(here, id_) == Replayed(id_, None)
    assert waiting(here) == {JOB["id"]: JOB | {"payload": NEW}}


def test_who_may_enqueue_is_known_before_an_edit(here: Service) -> None:
    id_ = refuse(here, as_json(JOB | {"account": "newco", "payload": {}}))
    answer = edit(here, id_, NEW)
    assert isinstance(answer, Kept)
    assert "account newco is not known" in answer.why
    assert isinstance(edit(here, id_, JOB | {"account": "initech"}), Edited)


def test_the_audit_says_what_was_forced(here: Service) -> None:
    for number, force in enumerate((False, True)):
        edit(here, refuse(here, signed(id=f"j-{number}", payload={})), NEW, force=force)
    lines: Any = here.redis.xrange("audience:{rejected}:audit")
    assert [json.loads(line[b"detail"]).get("forced", False) for _, line in lines] == [False, True]


def test_an_edit_of_many_leaves_out_what_somebody_put_among_them(here: Service) -> None:
    broken = {name: value for name, value in JOB["payload"].items() if name != "dataProviderId"}
    real, forged = (
        refuse(here, signed(payload=broken)),
        refuse(here, as_json(JOB | {"payload": broken, "id": "forged"})),
    )
    patch = {"payload": {"dataProviderId": "383"}}
    editor = Editor.of(here.door, here.redis)
    for dry_run in (True, False):
        answers = [editor.merge(place_of(id_), Merge(patch, dry_run=dry_run), "ann") for id_ in (real, forged)]
        assert answers == [Edited(real, ("/payload/dataProviderId",)), Kept(forged, UNSIGNED)]
    assert replay(here, real) == Replayed(real, None)
    assert isinstance(replay(here, forged), Kept)
    assert list(waiting(here)) == [JOB["id"]]


def test_a_signature_for_one_account_is_none_for_the_account_that_an_edit_names(here: Service) -> None:
    id_ = refuse(here, signed(payload={}))
    moved = JOB | {"account": "globex"}
    assert edit(here, id_, moved) == Kept(id_, UNSIGNED)
    assert edit(here, id_, JOB | {"account": "initech"}) == Edited(id_, ("/account", *_added()))
    assert isinstance(edit(here, id_, moved, force=True), Edited)


def _added() -> list[str]:
    return [f"/payload/{name}" for name in JOB["payload"]]


def test_an_accepted_job_that_dies_is_the_operators_from_then_on(here: Service) -> None:
    enter(here, signed())
    id_ = fail(here.redis, JOB)
    assert isinstance(edit(here, id_, NEW), Edited)
    assert replay(here, id_) == Replayed(id_, 2)
    assert waiting(here) == {JOB["id"]: JOB | {"payload": NEW}}
