"""Which states are there, and which act leads from one to another? The table that docs/states.md draws.

A lane is in one state of each of its five machines at once. ``time`` is no act: a moment has come. ``retention`` is
the end of a job's record.
"""

from __future__ import annotations

from typing import NamedTuple


class Edge(NamedTuple):
    before: str
    act: str
    after: str


MACHINES = {
    "job": """
        [*] --> waiting: accept
        waiting --> handed: take
        handed --> running: permit, note
        handed --> waiting: put_back, give_back, rescue
        running --> waiting: give_back, rescue
        waiting --> running: take_ended, cancel
        handed --> succeeded: finish
        handed --> failed: finish
        running --> succeeded: finish
        running --> failed: finish
        failed --> waiting: replay
        succeeded --> gone: retention
        failed --> gone: retention
        gone --> waiting: accept, replay
    """,
    "operator": """
        free --> held: pause
        held --> free: resume, time
    """,
    "provider": """
        unpaused --> paused: give_back
        paused --> unpaused: time
    """,
    "breaker": """
        closed --> open: give_back, finish
        open --> half_open: time, resume
        open --> closed: finish
        half_open --> probing: take
        half_open --> closed: finish
        half_open --> open: give_back, finish
        probing --> closed: finish
        probing --> open: give_back, finish
        probing --> half_open: give_back, finish, put_back, rescue
    """,
    "room": """
        room --> full: take, take_ended, cancel, configure
        full --> room: finish, give_back, put_back, rescue, configure
    """,
    "rate": """
        in_time --> limited: take, permit, set_limits, configure
        limited --> in_time: time, set_limits, configure, put_back, rescue, give_back, finish
    """,
}


def edges(drawing: str) -> set[Edge]:
    """The edges of lines like ``before --> after: act, act``; other lines say nothing of edges."""
    found = set()
    for line in drawing.splitlines():
        ends, _, acts = line.partition(": ")
        before, arrow, after = (part.strip() for part in ends.partition("-->"))
        if arrow and acts:
            found |= {Edge(before, act.strip(), after) for act in acts.split(",")}
    return found


DRAWN = {name: edges(drawing) for name, drawing in MACHINES.items()}
