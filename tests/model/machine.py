"""Which acts, in which order? Hypothesis chooses: any at any time, with old leases and repeated commands among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import choices
import job_acts
import order_acts
import redis
from expected import LEASED
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from observed import ACCOUNTS
from play import Play
from values import Key

from workers.config import Limit, ProviderConfig
from workers.lanes.state import Again, Health, Record


class Machine(RuleBasedStateMachine):
    """Two accounts, eight jobs, one act after the other."""

    def __init__(self, client: redis.Redis) -> None:
        super().__init__()
        self.play = Play(client)
        self.eager: int | None = None

    @initialize(
        config=choices.configs,
        handed_out=st.integers(0, 9),
        eager=choices.eager,
        jobs=st.lists(choices.jobs, max_size=8),
    )
    def begin(self, config: ProviderConfig, handed_out: int, eager: int | None, jobs: list[dict[str, Any]]) -> None:
        """As if each lane had handed out so many jobs already: ageing counts them."""
        self.eager = eager
        for account in ACCOUNTS:
            self.play.client.hset(f"{self.play.partition}:lane:{account}", "handed_out", handed_out)
            self.play.model.lane(account).handed_out = handed_out
        order_acts.configure(self.play, config)
        for job in jobs:
            job_acts.accept(self.play, **job)

    @invariant()
    def look(self) -> None:
        """In most plays a dispatcher and a worker are there, and take up at once what an act lets go."""
        if self.eager is not None:
            self._work(self.eager)

    # ── Intake, dispatcher, workers ─────────────────────────────────────────────────────────────────────────────

    @rule(jobs=st.lists(choices.jobs, min_size=1, max_size=4), twice=choices.twice)
    def accept(self, jobs: list[dict[str, Any]], *, twice: bool) -> None:
        for job in jobs:
            job_acts.accept(self.play, **job, twice=twice)

    @rule(most=st.sampled_from((1, 2, 32)))
    def take(self, most: int) -> None:
        """Its answer may be lost: the leases lie with nobody until they run out."""
        job_acts.take(self.play, most)

    @rule(requests=st.integers(0, 2))
    def work(self, requests: int) -> None:
        self._work(requests)

    @precondition(lambda self: self.play.records)
    @rule(data=st.data(), twice=choices.twice)
    def put_back(self, data: st.DataObject, *, twice: bool) -> None:
        job_acts.put_back(self.play, self._one_of(data, self.play.records), twice=twice)

    @precondition(lambda self: self.play.records)
    @rule(data=st.data(), more=choices.mostly(1, st.just(0)), changes=st.booleans(), twice=choices.twice)
    def permit(self, data: st.DataObject, more: int, *, changes: bool, twice: bool) -> None:
        record = self._one_of(data, self.play.records)
        asked = max(1, self._asked(record) + more)
        job_acts.permit(self.play, record, asked, changes=changes, twice=twice)

    @precondition(lambda self: self.play.records)
    @rule(data=st.data(), name=st.sampled_from("xy"), twice=choices.twice)
    def note(self, data: st.DataObject, name: str, *, twice: bool) -> None:
        job_acts.note(self.play, self._one_of(data, self.play.records), name, twice=twice)

    @precondition(lambda self: self.play.records)
    @rule(data=st.data(), again=choices.agains, bad=st.booleans(), line=choices.lines, twice=choices.twice)
    def give_back(self, data: st.DataObject, again: Again, line: str, *, bad: bool, twice: bool) -> None:
        record = self._one_of(data, self.play.records)
        health = Health.BAD if bad and self._asked(record) else Health.UNTOLD
        job_acts.give_back(self.play, record, again, requests=1, health=health, line=line, twice=twice)

    @precondition(lambda self: self.play.records)
    @rule(data=st.data(), category=choices.categories, health=choices.healths, twice=choices.twice)
    def finish(self, data: st.DataObject, category: str | None, health: Health, *, twice: bool) -> None:
        record = self._one_of(data, self.play.records)
        told = health if self._asked(record) else Health.UNTOLD
        job_acts.finish(self.play, record, category=category, health=told, requests=1, twice=twice)

    @rule(account=choices.accounts, category=choices.categories, health=choices.healths)
    def end_all(self, account: str, category: str | None, health: Health) -> None:
        """Everything that a lane has sent ends in the same way, one after the other."""
        for record in [record for record in self.play.records if record.account == account and self._asked(record)]:
            job_acts.finish(self.play, record, category=category, health=health, requests=1)

    @rule(runner=choices.runners, twice=choices.twice)
    def rescue(self, runner: str, *, twice: bool) -> None:
        """What a dispatcher does when leases or jobs have come to their end."""
        job_acts.rescue(self.play, twice=twice)
        job_acts.take_ended(self.play, runner, twice=twice)

    # ── Operators, retention, time ──────────────────────────────────────────────────────────────────────────────

    @precondition(lambda self: self.play.model.dead)
    @rule(data=st.data(), age_us=choices.ages, discard=choices.twice, twice=choices.twice)
    def replay(self, data: st.DataObject, age_us: int, *, discard: bool, twice: bool) -> None:
        account, id_, run = data.draw(st.sampled_from(sorted(self.play.model.dead)))
        if discard:
            job_acts.end_dead_letter(self.play, (account, id_), run)
        job_acts.replay(self.play, (account, id_), run, age_us=age_us, twice=twice)

    @rule()
    def end_records(self) -> None:
        for key in [job.key for job in self.play.model.jobs.values() if job.event]:
            job_acts.end_record(self.play, key)

    @rule(key=choices.keys, twice=choices.twice)
    def cancel(self, key: Key, *, twice: bool) -> None:
        order_acts.cancel(self.play, key, f"operator at {self.play.model.fence}", twice=twice)

    @rule(account=choices.lanes, for_s=choices.pauses, resume=st.booleans(), twice=choices.twice)
    def pause(self, account: str, for_s: float | None, *, resume: bool, twice: bool) -> None:
        if resume:
            order_acts.resume(self.play, account, twice=twice)
        else:
            order_acts.pause(self.play, account, for_s, twice=twice)

    @rule(
        account=choices.lanes,
        limits=choices.limits,
        operation=choices.mostly(None, choices.operations),
        twice=choices.twice,
    )
    def set_limits(self, account: str, limits: Sequence[Limit], operation: str | None, *, twice: bool) -> None:
        order_acts.set_limits(self.play, account, limits, operation, twice=twice)

    @rule(config=choices.configs, twice=choices.twice)
    def configure(self, config: ProviderConfig, *, twice: bool) -> None:
        order_acts.configure(self.play, config, twice=twice)

    @rule(us=choices.spans)
    def time_passes(self, us: int) -> None:
        self.play.advance(us)

    @rule(data=st.data(), beside=st.sampled_from((-1, 0, 1)))
    def time_comes(self, data: st.DataObject, beside: int) -> None:
        """The very moment at which something begins or ends, or the one beside it."""
        now = self.play.model.now
        coming = sorted(moment for moment in self.play.model.moments() if moment + beside > now)
        if coming:
            self.play.advance(data.draw(st.sampled_from(coming[:4])) + beside - now)

    # ── What the rules share ────────────────────────────────────────────────────────────────────────────────────

    def _work(self, requests: int) -> None:
        """What dispatcher and workers mostly do: all that may go is begun, and sends so many requests."""
        for record in job_acts.take(self.play):
            for number in range(requests):
                job_acts.permit(self.play, record, number + 1)

    def _one_of(self, data: st.DataObject, holders: list[Record]) -> Record:
        """One that holds its lease, or whose job is another's by now, or any that there was."""
        jobs = [(held, self.play.model.jobs.get((held.account, held.id))) for held in holders]
        leases = [(held, job.lease.fence) for held, job in jobs if job and job.lease]
        holding = [held for held, fence in leases if held.fence == fence]
        robbed = [held for held, fence in leases if held.fence != fence]
        return data.draw(st.sampled_from(data.draw(st.sampled_from((holding, holding, robbed, holders))) or holders))

    def _asked(self, record: Record) -> int:
        """How many requests the lease was permitted. One that sent none has nothing to say of the provider."""
        job = self.play.model.leased(record.key, record.fence, *LEASED)
        return job.lease.asked if job and job.lease else 0
