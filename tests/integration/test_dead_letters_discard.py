"""What is left of a dead letter that an operator gives up? Its job's id at the door, and a line in the audit."""

from __future__ import annotations

import json
from typing import Any

import redis
from command import example
from dead import die

from workers.dead_letters.answers import GONE, Discarded, Kept
from workers.dead_letters.discard import Discarder
from workers.dead_letters.summary import Place
from workers.dead_letters.trail import Trail

JOB = example("pubmatic-create-simple")


def place_of(id_: str) -> Place:
    place = Place.of(id_)
    assert place is not None
    return place


def audit(client: redis.Redis) -> list[dict[str, Any]]:
    entries: Any = client.xrange("audience:{pubmatic}:audit")
    lines = [{name.decode(): value.decode() for name, value in fields.items()} for _, fields in entries]
    return [line | {"detail": json.loads(line["detail"])} for line in lines]


def test_it_is_gone_and_its_job_is_still_known(state: redis.Redis) -> None:
    id_ = die(state, JOB)
    act = Discarder(state, "sent by hand")
    assert act.would(place_of(id_)) == Discarded(id_)
    assert act.discard(place_of(id_), "ann@desk") == Discarded(id_)
    assert act.discard(place_of(id_), "ann@desk") == act.would(place_of(id_)) == Kept(id_, GONE)
    assert list(state.scan_iter("audience:{pubmatic}:dead*")) == []
    assert state.exists(f"audience:{{pubmatic}}:job:acme/{JOB['id']}")
    assert audit(state) == [
        {"who": "ann@desk", "action": "discard", "target": f"acme/{JOB['id']}/1", "detail": {"reason": "sent by hand"}}
    ]


def test_an_order_about_many_leaves_its_begin_and_its_counts(state: redis.Redis) -> None:
    trail = Trail(state, "ann@desk", "discard", {"filter": {"account": "acme"}})
    for done in (True, True, False):
        trail.begin("pubmatic")
        trail.count("pubmatic", done=done)
    trail.end(stopped=True)
    filter_ = {"filter": {"account": "acme"}}
    assert [line["detail"] for line in audit(state)] == [
        filter_ | {"begun": True},
        filter_ | {"done": 2, "kept": 1, "stopped": True},
    ]
    assert {(line["who"], line["action"], line["target"]) for line in audit(state)} == {("ann@desk", "discard", "*")}


def test_an_order_that_touched_nothing_leaves_nothing(state: redis.Redis) -> None:
    Trail(state, "ann@desk", "discard", {}).end()
    assert audit(state) == []
