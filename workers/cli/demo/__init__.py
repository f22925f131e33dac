"""What does the service do? Shown on embedded parts and the sandbox, and checked event by event."""

from __future__ import annotations

import time

from workers.cli.endings import Failed

BOUND_S = 90.0  # normally it takes about ten seconds


def demo() -> None:
    """The whole service on embedded parts, nothing to install or set: real jobs in, events and dead letters out.

    Takes about ten seconds. Exit code 0 only if every event was the expected one.
    """
    from workers.cli.demo.ending import differences, summary
    from workers.cli.demo.screen import Screen
    from workers.cli.demo.script import play
    from workers.cli.demo.stage import stage
    from workers.cli.demo.watch import Watch
    from workers.cli.output import say
    from workers.cli.parts import ended_after, ended_by_signals

    began = time.monotonic()
    with ended_by_signals(), ended_after(BOUND_S), stage() as up:
        with Screen() as screen:
            watch = Watch(up, screen.changed)
            died = play(up, watch, screen)
            watch.look(500)  # anything that should not come
        summary(watch, died)
        wrong = differences(up, watch, died)
        if wrong:
            raise Failed("Not as expected:\n" + "\n".join(f"  {each}" for each in wrong))
        made, count = sum(up.sandbox.created().values()), len(watch.rows)
    say(
        f"\nAll {count} events were as expected, in {time.monotonic() - began:.0f} s. The sandbox made "
        f"{made} audiences, each of them once, though one answer was lost and one job came twice."
    )
