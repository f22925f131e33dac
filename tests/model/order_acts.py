"""How do operators and the configuration act in the play?"""

from __future__ import annotations

from collections.abc import Sequence

import orders_expected
from play import Play
from values import Key

from workers.config import Limit, ProviderConfig
from workers.lanes.state import Record


def configure(play: Play, config: ProviderConfig, *, twice: bool = False) -> None:
    play.lanes.config = config
    play.act("configure", play.lanes.configure, lambda _: orders_expected.configure(play.model, config), twice=twice)


def set_limits(
    play: Play, account: str, limits: Sequence[Limit], operation: str | None = None, *, twice: bool = False
) -> None:
    name = account if operation is None else f"{account}/{operation}"
    play.act(
        "set_limits",
        lambda: play.orders.limit(account, limits, operation),
        lambda _: orders_expected.set_limits(play.model, name, limits),
        twice=twice,
    )


def pause(play: Play, account: str, for_s: float | None, *, twice: bool = False) -> None:
    def check(until: float) -> None:
        assert until == orders_expected.pause(play.model, account, for_s)

    play.act("pause", lambda: play.orders.pause(account, for_s, "why"), check, twice=twice)


def resume(play: Play, account: str, *, twice: bool = False) -> None:
    def check(until: float) -> None:
        assert until == orders_expected.resume(play.model, account)

    play.act("resume", lambda: play.orders.resume(account), check, twice=twice)


def cancel(play: Play, key: Key, runner: str, *, twice: bool = False) -> Record | str | None:
    """Repeated, it is answered with the lease that the first one took: ``runner`` tells that it is the same order."""

    def check(answer: Record | str | None) -> None:
        job = play.model.jobs.get(key)
        held = job.lease if job and job.state == "running" else None
        if isinstance(answer, Record):
            assert job is not None
            if held:
                assert (held.runner, held.fence) == (runner, answer.fence)
            else:
                assert job.state == "waiting"
                play.model.lease_to_end(job, answer.fence, runner)
        else:
            assert answer == (job.state if job else None)
            assert answer != "waiting"
            assert held is None or held.runner != runner

    answer = play.act("cancel", lambda: play.orders.cancel(*key, runner, "why"), check, twice=twice)
    play.records += [answer] if isinstance(answer, Record) else []
    return answer
