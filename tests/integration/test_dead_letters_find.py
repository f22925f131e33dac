"""Which dead letters are found? Those that the filters mean, newest first, however many there are."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from command import example
from dead import die

from workers.dead_letters import find as module
from workers.dead_letters.find import Filter, find
from workers.dead_letters.group import group
from workers.dead_letters.scripts import run
from workers.dead_letters.summary import Place

INDEX = "audience:{pubmatic}:dead"


def plant(client: redis.Redis, name: str, at_us: int, **fields: str) -> None:
    about = {"provider": "pubmatic", "account": "acme", "operation": "create_audience", "id": name, "run": "1",
             "category": "auth", "message": "no", "body": "{}", "replayable": "1", "count": "1"}  # fmt: skip
    client.hset(f"{INDEX}:{name}", mapping={**about, "died_at": str(at_us), **fields})
    client.zadd(INDEX, {name: at_us})


def names(client: redis.Redis, **wanted: Any) -> list[str]:
    return [each.place.name for each in find(client, ["pubmatic", "mintegral"], Filter(**wanted))]


def test_many_are_found_newest_first_page_by_page(state: redis.Redis) -> None:
    for number in range(module.PAGE * 3 + 7):
        plant(state, f"{number:04}", 1_000_000 + number)
    assert names(state) == [f"{number:04}" for number in reversed(range(module.PAGE * 3 + 7))]


@pytest.mark.parametrize("together", [1, 99, 100, 101, 350])
def test_those_of_one_microsecond_are_found_once_each(state: redis.Redis, together: int) -> None:
    plant(state, "before", 5)
    for number in range(together):
        plant(state, f"{number:04}", 10)
    plant(state, "after", 15)
    found = names(state)
    assert (found[0], found[-1], len(found), len(set(found))) == ("after", "before", together + 2, together + 2)


def test_partitions_are_merged_by_time(state: redis.Redis) -> None:
    plant(state, "old", 10)
    plant(state, "new", 30)
    state.hset("audience:{rejected}:dead:abc", mapping={"died_at": "20", "category": "invalid_job", "message": "no"})
    state.zadd("audience:{rejected}:dead", {"abc": 20})
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
        ({"text": "aud01"}, ["code"]),
        ({"text": "NEEDLE"}, ["plain"]),
        ({"text": "pubmatic/acc"}, ["account"]),
    ],
)
def test_all_filters_that_are_given_must_hold(state: redis.Redis, wanted: dict[str, str], found: list[str]) -> None:
    plant(state, "plain", 10, body='{"name": "a needle in it"}')
    plant(state, "account", 20, account="globex", operation="get_audience")
    plant(state, "code", 30, category="rejected_by_provider", provider_code="AUD01_0034")
    assert names(state, **wanted) == found


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
    run(state, "sweep", INDEX, "reborn", "never")
    assert names(state) == ["reborn"]


def test_removing_spares_what_has_died_anew(state: redis.Redis) -> None:
    plant(state, "reborn", 10)
    assert run(state, "remove", INDEX, "reborn", 9) == 0
    assert names(state) == ["reborn"]
    assert run(state, "remove", INDEX, "reborn", 10) == 1
    assert names(state) == []
    assert not state.exists(f"{INDEX}:reborn")


def test_groups_count_dead_letters_that_are_alike(state: redis.Redis) -> None:
    for number in range(3):
        plant(state, f"auth-{number}", 1_000_000 * (number + 1), count="7")
    plant(state, "other", 9_000_000, account="globex")
    largest, other = (each.listed() for each in group(find(state, ["pubmatic"], Filter())))
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
