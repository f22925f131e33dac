"""What should the lanes hold, and answer? A simple model: plain values, and nothing that is counted twice.

Each act is a method that does what its script should do and returns what the script should answer. The order in
which lanes take turns, and the exact moment of a permit under limits, are left to the scripts: for those the model
says what is allowed (``turns.py``, ``spacing.py``). Times are microseconds.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

from values import Job, Key, Lane, Lease

from workers.config import ProviderConfig
from workers.lanes.lanes import ENDING_LEASE_S, MAX_RESCUES
from workers.lanes.state import Again, Health, Record

FOR_EVER = 253402300799 * 1_000_000  # the end of the year 9999
LONGEST_PAUSE = 24 * 3600 * 1_000_000
POISON_WAITS = 3600 * 1_000_000
NOBODY = ""
LEASED = ("handed", "running")


class Expected:
    """The state of one provider."""

    def __init__(self, now: int, running_lease_us: int) -> None:
        self.now = now
        self.running_lease_us = running_lease_us
        self.config = ProviderConfig(base_url="http://provider")
        self.jobs: dict[Key, Job] = {}
        self.lanes: dict[str, Lane] = {}
        self.dead: dict[tuple[str, str, int], Job] = {}
        self.outbox: list[str] = []
        self.known: set[Key] = set()
        self.sequence = 0
        self.fence = 0

    # ── What is where ───────────────────────────────────────────────────────────────────────────────────────────

    def lane(self, name: str) -> Lane:
        return self.lanes.setdefault(name, Lane())

    def in_state(self, account: str, *states: str) -> Iterator[Job]:
        return (job for job in self.jobs.values() if account in {job.account, "*"} and job.state in states)

    def waiting(self, account: str) -> list[Job]:
        return list(self.in_state(account, "waiting"))

    def in_flight(self, account: str) -> int:
        return len(list(self.in_state(account, *LEASED)))

    def paused_until(self, account: str) -> int:
        return max(self.lane(account).held_until, self.lane(account).paused_until)

    def moments(self) -> set[int]:
        """When something begins or ends by itself, before now or after."""
        jobs, lanes = self.jobs.values(), self.lanes.values()
        found = {moment for job in jobs for moment in (job.due, job.expires_at, job.ends_at)}
        found |= {job.lease.ends for job in jobs if job.lease}
        found |= {moment for lane in lanes for moment in (lane.paused_until, lane.held_until, lane.open_until or 0)}
        return found - {FOR_EVER}

    def leased(self, key: Key, fence: int, *states: str) -> Job | None:
        job = self.jobs.get(key)
        return job if job and job.lease and job.lease.fence == fence and job.state in states else None

    def held(self, key: Key, fence: int) -> Job | None:
        """A job whose lease has not run out."""
        job = self.leased(key, fence, *LEASED)
        return job if job and job.lease and job.lease.ends > self.now else None

    # ── The life of a job ───────────────────────────────────────────────────────────────────────────────────────

    def accept(
        self, key: Key, *, operation: str, digest: str, priority: int, not_before: int, expires_at: int, age: int
    ) -> str:
        known = self.jobs.get(key)
        if known:
            if known.digest != digest:
                return "conflict"
            if known.event is None:
                return "duplicate"
            self.outbox.append(known.event)
            return "repeated"
        self.known.add(key)
        self.sequence += 1
        due = max(self.now, not_before)
        ends_at = min(expires_at, due + age) if expires_at else due + age
        run = self._free_run(key, 1)
        self.jobs[key] = Job(*key, operation, digest, priority, self.sequence, run, due, expires_at, ends_at, ends_at)
        return "new"

    def hand(self, job: Job, fence: int, lease_us: int, *, probe: bool) -> None:
        self.lane(job.account).handed_out += 1
        self._lease(job, "handed", fence, lease_us, NOBODY, probe=probe)

    def renew(self, job: Job, lease: Lease, at: int) -> None:
        """A sign of life of the attempt."""
        job.state, lease.ends = "running", at + self.running_lease_us

    def note(self, key: Key, fence: int, new: dict[str, str]) -> str:
        job = self.held(key, fence)
        if job is None or job.lease is None:
            return "lost"
        if job.ends_at <= self.now:
            return "ended"
        job.notes = job.notes | new
        self.renew(job, job.lease, self.now)
        return "done"

    def put_back(self, key: Key, fence: int) -> bool:
        job = self.leased(key, fence, "handed")
        if job:
            self._to_lane(job, job.due)
        return job is not None

    def give_back(self, key: Key, fence: int, again: Again, requests: int, health: Health, *, line: bool) -> bool:
        if (known := self.jobs.get(key)) and known.settled == fence:
            return True
        job = self.leased(key, fence, *LEASED)
        if job is None:
            return False
        if again.pause_s:
            lane, pause_end = self.lane(job.account), self.now + min(round(again.pause_s * 1e6), LONGEST_PAUSE)
            lane.paused_until = max(lane.paused_until, pause_end)
        job.settled = fence
        job.attempts += again.spent
        job.requests += requests
        job.look, job.looks, job.throttles = again.look, again.looks, again.throttles
        job.unknown_since = job.changed_at if again.unknown_now else round((again.unknown_since or 0) * 1e6)
        job.lines += line
        self._note_health(job.account, health)
        self._to_lane(job, job.due if again.after_s is None else self.now + round(again.after_s * 1e6))
        return True

    def finish(
        self,
        held: Record,
        *,
        attempts: int,
        requests: int,
        event: str,
        category: str | None,
        health: Health,
        line: bool,
    ) -> bool:
        if (known := self.jobs.get(held.key)) and known.settled == held.fence:
            return True
        job = self.leased(held.key, held.fence, *LEASED)
        if job is None:
            return False
        self._note_health(job.account, health)
        job.state, job.lease, job.settled = "failed" if category else "succeeded", None, held.fence
        job.attempts, job.requests, job.event, job.answer_at = attempts, requests, event, None
        job.lines, job.notes = job.lines + line, {}
        self.outbox.append(event)
        if category:
            self.dead[*held.key, job.run] = letter = copy.copy(job)
            letter.category = category
        return True

    def rescue(self) -> tuple[int, int]:
        lost = [job for job in self.in_state("*", *LEASED) if job.lease and job.lease.ends <= self.now]
        running = [job for job in lost if job.state == "running"]
        for job in lost:
            self._rescue(job)
        return len(lost) - len(running), len(running)

    def _rescue(self, job: Job) -> None:
        assert job.lease
        if job.state == "handed":
            self._to_lane(job, job.due)
            return
        if job.lease.asked:
            job.attempts, job.requests, job.lines = job.attempts + 1, job.requests + job.lease.asked, job.lines + 1
        if job.lease.changed:
            job.look, job.looks, job.unknown_since = True, 0, job.changed_at
        job.rescues += 1
        poison = job.rescues >= MAX_RESCUES
        self._to_lane(job, self.now + POISON_WAITS if poison else self.now)
        if poison:
            job.answer_at = self.now

    def to_answer(self) -> list[Job]:
        """The jobs that wait and whose time is over; the others whose time is over are left to their lease."""
        over = [job for job in self.jobs.values() if job.answer_at is not None and job.answer_at <= self.now]
        for job in over:
            job.answer_at = None
        return [job for job in over if job.state == "waiting"]

    def lease_to_end(self, job: Job, fence: int, runner: str) -> None:
        job.answer_at = None
        self._lease(job, "running", fence, round(ENDING_LEASE_S * 1e6), runner)
        assert job.lease
        job.lease.to_end = True

    def replay(self, key: Key, run: int, age: int) -> str:
        letter, current = self.dead.get((*key, run)), self.jobs.get(key)
        if letter is None:
            return "gone"
        if current and (current.run != run or current.state != "failed"):
            return "overtaken"
        job = copy.copy(letter)
        job.run, job.priority, job.look = self._free_run(key, run + 1), 0, letter.category == "outcome_unknown"
        del self.dead[*key, run]
        job.attempts = job.requests = job.looks = job.throttles = job.rescues = job.settled = 0
        job.event = job.category = None
        job.ends_at = min(job.expires_at, self.now + age) if job.expires_at else self.now + age
        self.jobs[key] = job
        self._to_lane(job, self.now)
        return "replayed"

    # ── What the acts share ─────────────────────────────────────────────────────────────────────────────────────

    def _free_run(self, key: Key, run: int) -> int:
        while (*key, run) in self.dead:
            run += 1
        return run

    def _to_lane(self, job: Job, due: int) -> None:
        job.state, job.lease, job.due, job.answer_at = "waiting", None, due, job.ends_at

    def _lease(self, job: Job, state: str, fence: int, lease_us: int, runner: str, *, probe: bool = False) -> None:
        assert fence > self.fence, "fences only grow"
        self.fence = job.fence = fence
        job.state, job.lease = state, Lease(fence, self.now + lease_us, runner, probe)

    def _note_health(self, account: str, health: Health) -> None:
        lane, policy = self.lane(account), self.config.policy(account)
        if health is Health.GOOD:
            lane.failures, lane.opens, lane.open_until = 0, 0, None
        if health is not Health.BAD:
            return
        lane.failures += 1
        if lane.failures >= policy.breaker_failures and (lane.open_until or 0) <= self.now:
            lane.opens += 1
            wait_s = min(policy.breaker_open_cap_s, policy.breaker_open_s * 2 ** (lane.opens - 1))
            lane.open_until = self.now + round(wait_s * 1e6)
