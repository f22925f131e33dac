"""Which dead letters are found? Those that the filters mean, newest first, however many there are."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from command import example
from dead import die

from schemas.outgoing import invalid
from schemas.problem import Problem
from schemas.reading import Readable, Refused
from workers.dead_letters import find as module
from workers.dead_letters.filter import Filter
from workers.dead_letters.find import find
from workers.dead_letters.group import group
from workers.dead_letters.scripts import run
from workers.dead_letters.summary import Place
from workers.lanes.rejections import Rejections

INDEX = "audience:{pubmatic}:dead"


FOR_EVER_MS = 10**14


def plant(client: redis.Redis, name: str, at_us: int, partition_name: str = "pubmatic", **fields: str) -> None:
    about = {"provider": "pubmatic", "account": "acme", "operation": "create_audience", "id": name, "run": "1",
             "category": "auth", "message": "no", "body": "{}", "replayable": "1", "count": "1", **fields}  # fmt: skip
    pairs = [part for pair in about.items() for part in pair]
    assert run(client, "restore", partition_name, name, at_us, FOR_EVER_MS, 0, "", "", 0, *pairs) == b"restored"


def names(client: redis.Redis, **wanted: Any) -> list[str]:
    return [each.place.name for each in find(client, ["pubmatic", "mintegral"], Filter(**wanted))]


def test_many_are_found_newest_first_page_by_page(state: redis.Redis) -> None:
    for number in range(module.PAGE * 3 + 7):
        plant(state, f"{number:04}", 1_000_000 + number)
    assert names(state) == [f"{number:04}" for number in reversed(range(module.PAGE * 3 + 7))]


@pytest.mark.parametrize("text", [None, "{}"])
@pytest.mark.parametrize("together", [1, 99, 100, 101, 350])
def test_those_of_one_microsecond_are_found_once_each(state: redis.Redis, together: int, text: str | None) -> None:
    plant(state, "before", 5)
    for number in range(together):
        plant(state, f"{number:04}", 10)
    plant(state, "after", 15)
    found = names(state, text=text)
    assert (found[0], found[-1], len(found), len(set(found))) == ("after", "before", together + 2, together + 2)


def test_partitions_are_merged_by_time(state: redis.Redis) -> None:
    plant(state, "old", 10)
    plant(state, "new", 30)
    plant(state, "abc", 20, "rejected", provider="", category="invalid_job")
    assert names(state) == ["new", "abc", "old"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"provider": "pubmatic"}, ["code", "account", "plain"]),
        ({"provider": "mintegral"}, []),
        ({"account": "globex"}, ["account"]),
        ({"operation": "get_audience"}, ["account"]),
        ({"category": "rejected_by_provider"}, ["code"]),
        ({"provider_code": "AUD01_0034"}, ["code"]),
        ({"provider_code": "AUD01_0034", "account": "globex"}, []),
        ({"without": ("provider_code",)}, ["account", "plain"]),
        ({"without": ("provider_code",), "account": "globex"}, ["account"]),
        ({"without": ("provider_code",), "run": 1}, ["plain"]),
        ({"without": ("provider_code", "account")}, []),
        ({"without": ("account",), "account": "globex"}, []),
        ({"text": "aud01"}, ["code"]),
        ({"text": "NEEDLE"}, ["plain"]),
        ({"text": "pubmatic/acc"}, ["account"]),
        ({"text": "mended"}, ["code"]),
        ({"run": 2}, ["account"]),
        ({"run": 1, "account": "globex"}, []),
        ({"run": 2, "account": "globex"}, ["account"]),
    ],
)
def test_all_filters_that_are_given_must_hold(state: redis.Redis, wanted: dict[str, str], found: list[str]) -> None:
    plant(state, "plain", 10, body='{"name": "a needle in it"}')
    plant(state, "account", 20, account="globex", operation="get_audience", run="2")
    plant(state, "code", 30, category="rejected_by_provider", provider_code="AUD01_0034", edited='{"name": "mended"}')
    assert names(state, **wanted) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("zürich", ["umlaut"]),
        ("ZÜRICH", ["umlaut"]),
        ("strasse", ["sharp"]),
        ("STRAßE", ["sharp"]),
        ("a\nb", ["lines"]),
        ("lines\nno", []),  # the end of its id, and its message
        ("after", ["bytes"]),
        ("\ufffd", ["bytes"]),
    ],
)
def test_a_text_is_found_in_any_writing(state: redis.Redis, text: str, found: list[str]) -> None:
    plant(state, "umlaut", 10, body='{"name": "In ZÜrich"}')
    plant(state, "sharp", 20, edited='{"name": "Hohe Straße"}')
    plant(state, "lines", 30, body="a\nb")
    plant(state, "bytes", 40)
    state.hset(f"{INDEX}:bytes", "body", b"before \xff\n after")
    assert names(state, text=text) == found


def test_a_text_is_looked_for_in_many_large_ones(state: redis.Redis) -> None:
    for number in range(12):
        plant(state, f"{number:04}", 10 + number, body="x" * 256 * 1024)
    plant(state, "last", 5, body="needle")
    assert names(state, text="needle") == ["last"]


def test_a_message_is_found_by_the_provider_that_it_named(state: redis.Redis) -> None:
    plant(state, "abc", 20, "rejected", provider="mintegral", category="invalid_job")
    assert names(state, provider="mintegral") == ["abc"]
    assert names(state, provider="pubmatic") == names(state, without=("provider",)) == []
    plant(state, "def", 20, "rejected", provider="", account="", category="invalid_job")
    assert names(state, without=("provider",)) == names(state, without=("account",)) == ["def"]


@pytest.mark.parametrize("groups", [module.FEW_GROUPS, module.FEW_GROUPS + 1])
def test_those_of_many_groups_are_found_newest_first(state: redis.Redis, groups: int) -> None:
    for number in range(groups * 3):
        plant(state, f"{number:04}", 1_000_000 + number, provider_code=str(number % groups))
    plant(state, "other", 2_000_000, category="internal")
    assert names(state, category="auth") == [f"{number:04}" for number in reversed(range(groups * 3))]


def test_ages_are_measured_by_the_clock_of_the_state_store(state: redis.Redis) -> None:
    seconds: Any = state.time()[0]
    for age_s in (10, 7200, 259_200):
        plant(state, str(age_s), (seconds - age_s) * 1_000_000)
    assert names(state, older_than_s=3600.0) == ["7200", "259200"]
    assert names(state, newer_than_s=86_400.0) == ["10", "7200"]
    assert names(state, older_than_s=3600.0, newer_than_s=86_400.0) == ["7200"]


def test_what_has_expired_is_left_out_and_swept_from_the_index(state: redis.Redis) -> None:
    plant(state, "here", 10)
    plant(state, "gone", 20)
    state.delete(f"{INDEX}:gone")
    assert names(state) == ["here"]
    assert state.zrange(INDEX, 0, -1) == [b"here"]


def test_sweeping_spares_what_has_died_anew(state: redis.Redis) -> None:
    plant(state, "reborn", 10)
    run(state, "sweep", "pubmatic", "", "reborn", "never")
    assert names(state) == ["reborn"]


def test_what_has_expired_is_swept_as_others_die(state: redis.Redis) -> None:
    job = example("pubmatic-create-simple")
    for number in range(3):
        state.delete(die(state, job | {"id": f"old-{number}"}).replace("pubmatic/", f"{INDEX}:"))
    for number in range(2):
        die(state, job | {"id": f"new-{number}"})
    left = {b"acme/new-0/1", b"acme/new-1/1"}
    assert set(state.zrange(INDEX, 0, -1)) == left
    (of_the_group,) = state.scan_iter(f"{INDEX}:in:*")
    assert set(state.zrange(of_the_group, 0, -1)) == left


def test_a_group_whose_dead_letters_have_all_expired_is_gone(state: redis.Redis) -> None:
    for number in range(25):
        plant(state, f"{number:04}", 10 + number, category="internal")
        state.delete(f"{INDEX}:{number:04}")
    plant(state, "here", 20)
    (only,) = group(state, ["pubmatic"], Filter())
    assert (only.key[3], only.count) == ("auth", 1)
    assert state.scard(f"{INDEX}:groups") == 1
    assert names(state, category="internal") == []


def test_groups_count_dead_letters_that_are_alike(state: redis.Redis) -> None:
    for number in range(3):
        plant(state, f"auth-{number}", 1_000_000 * (number + 1), count="7")
    plant(state, "other", 9_000_000, account="globex")
    largest, other = (each.listed() for each in group(state, ["pubmatic"], Filter()))
    assert largest == {
        "provider": "pubmatic",
        "account": "acme",
        "operation": "create_audience",
        "category": "auth",
        "provider_code": None,
        "count": 3,
        "first_seen": "1970-01-01T00:00:01.000Z",
        "last_seen": "1970-01-01T00:00:03.000Z",
    }
    assert (other["account"], other["count"]) == ("globex", 1)


def test_groups_count_what_a_filter_leaves_of_them(state: redis.Redis) -> None:
    seconds: Any = state.time()[0]
    for age_s in (10, 7200, 259_200):
        plant(state, str(age_s), (seconds - age_s) * 1_000_000, run=str(age_s // 7200 + 1))
    plant(state, "other", 5, account="globex")

    def counts(**wanted: Any) -> list[int]:
        return [each.count for each in group(state, ["pubmatic"], Filter(**wanted))]

    assert counts(account="acme") == [3]
    assert counts(newer_than_s=86_400.0) == [2]
    assert counts(newer_than_s=86_400.0, older_than_s=3600.0) == [1]
    assert counts(account="acme", run=2) == [1]
    assert counts(text="needle") == []


def test_a_message_that_is_rejected_for_another_reason_changes_its_group(state: redis.Redis) -> None:
    rejections = Rejections(state, 600.0)
    for sentence in ("a job", "another"):
        answer = invalid(b"no job", Refused((Problem("", sentence),), Readable()), rejections.now())
        answer.event["data"]["error"]["category"] = "internal" if sentence == "another" else "invalid_job"
        rejections.add(answer, b"no job", Readable())
    (only,) = group(state, [], Filter())
    assert (only.key[3], only.count) == ("internal", 1)
    assert state.scard("audience:{rejected}:dead:groups") == 1


def test_a_job_that_dies_is_found_under_the_id_of_its_event(state: redis.Redis) -> None:
    id_ = die(state, example("pubmatic-create-simple"))
    (found,) = find(state, ["pubmatic"], Filter())
    assert found.place.id == id_ == "pubmatic/acme/travel-enthusiasts-simple/1"
    assert (found.run, found.job_id, found.replayable, found.count) == (1, "travel-enthusiasts-simple", True, 1)


@pytest.mark.parametrize(
    "text", ["", "x", "pubmatic/acme/id", "pubmatic//id/1", "rejected/", "rejected/a/b", "a/b/c/d/e"]
)
def test_what_is_no_id_names_no_place(text: str) -> None:
    assert Place.of(text) is None
