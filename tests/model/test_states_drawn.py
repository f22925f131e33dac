"""Is the drawing true? Each of its edges is gone, no other is, and docs/states.md shows the same."""

from __future__ import annotations

import re
from pathlib import Path

import order_acts
import redis
from drawn import DRAWN, Edge, edges
from play import Play
from stories import STORIES
from tables import config

PAGE = (Path(__file__).parents[2] / "docs" / "states.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `?([\w\[\]*]+)`? \| ([\w`, ]+) \| `?([\w\[\]*]+)`? \|", re.MULTILINE)


def test_every_drawn_edge_is_gone_and_no_other(quick_state: redis.Redis) -> None:
    taken = set()
    for story in STORIES:
        play = Play(quick_state)
        order_acts.configure(play, config())
        story(play)
        taken |= play.taken
    assert taken == {(name, edge) for name, drawn in DRAWN.items() for edge in drawn}


def test_the_page_draws_the_same_edges() -> None:
    (job, lane) = re.findall(r"```mermaid\n(.*?)```", PAGE, re.DOTALL)
    assert edges(job) == DRAWN["job"]
    assert edges(lane) == all_edges() - DRAWN["job"]


def test_the_page_says_of_each_edge_what_it_means() -> None:
    told = {
        Edge(before, act.strip(" `"), after) for before, acts, after in ROW.findall(PAGE) for act in acts.split(",")
    }
    assert told - {Edge("from", "by", "to")} == all_edges()


def all_edges() -> set[Edge]:
    return set().union(*DRAWN.values())
