"""Was everything as expected? A table of what went in and came out, and every difference."""

from __future__ import annotations

from collections import Counter

from workers.cli.demo.expected import Row
from workers.cli.demo.stage import Stage
from workers.cli.demo.watch import Watch
from workers.cli.output import say, say_table
from workers.dead_letters.filter import Filter
from workers.dead_letters.find import find

CREATED = ("Travel Enthusiasts", "Travel Enthusiasts", "test20240110test1", "Night Owls", "Long Haul",
           "Patience 1", "Patience 2", "Patience 3")  # fmt: skip
"""Every audience that the jobs ask for, once; the two examples share a name, one simple and one complex."""


def differences(stage: Stage, watch: Watch, died: Row) -> list[str]:
    """Everything that is not as it should be, a sentence each."""
    found = [f"{row.event_id}: {each}" for row in watch.rows for each in row.differs]
    expected = Counter(row.event_id for row in watch.rows)
    for event_id, events in watch.events.items():
        if len(events) != expected[event_id]:
            found.append(f"{event_id}: {len(events)} events came, expected {expected[event_id]}")
    created, wanted = stage.sandbox.created(), Counter(CREATED)
    found += [
        f"the sandbox made the audience {name!r} {created[name]} times, expected {wanted[name]}"
        for name in sorted({*created, *wanted})
        if created[name] != wanted[name]
    ]
    dead = {each.place.id for each in find(stage.service.redis, stage.service.providers, Filter())}
    kept = {row.event_id for row in watch.rows if row.type == "audience.job.rejected"}
    if dead != kept:
        found.append(f"the dead letters differ from those expected: {sorted(dead ^ kept)}")
    return found + ([] if died.event_id not in dead else [f"{died.event_id} is still dead after its replay"])


def summary(watch: Watch, died: Row) -> None:
    """What went in, what came out, and the dead letter's story."""
    say("")
    say_table(
        ("", "way in", "what went in", "expected", "what came out"),
        [("no" if row.differs else "ok", row.way, row.what, row.expected, row.shown) for row in watch.rows],
    )
    replayed = watch.rows[-1]
    say(f"\ndead letter  {died.event_id}  {died.shown}")
    say(f"replayed     {replayed.event_id}  {replayed.shown}")
