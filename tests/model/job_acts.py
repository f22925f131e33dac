"""How does a job live in the play? The acts of intake, dispatcher and workers."""

from __future__ import annotations

import json
from collections.abc import Sequence

from play import Play
from spacing import check_permit
from turns import check_take
from values import Job, Key

from workers.lanes.state import Again, Arrival, Ending, Finished, Health, Noted, Permitted, Record, Refused, Taken

LEASE_S = 10.0
MOST = 32
TURN_US = 100
"""A take lasts longer than this. It writes turns down as so many microseconds after one another."""
DAY_US = 86_400 * 1_000_000


def accept(
    play: Play, key: Key, *, operation: str = "create", digest: str = "d", priority: int = 5,
    due_in_us: int | None = None, expires_in_us: int | None = None, age_us: int = DAY_US, twice: bool = False,
) -> str:  # fmt: skip
    not_before, expires_at = _at(play, due_in_us), _at(play, expires_in_us)

    def real() -> str:
        arrival = Arrival(
            account=key[0], id=key[1], operation=operation, digest=digest, body=b"{}", priority=priority,
            not_before=_s(not_before), expires_at=_s(expires_at), max_age_s=age_us / 1e6,
        )  # fmt: skip
        (answer,) = play.lanes.accept([arrival])
        return answer

    def check(answer: str) -> None:
        wanted = play.model.accept(
            key, operation=operation, digest=digest, priority=priority, not_before=not_before or 0,
            expires_at=expires_at or 0, age=age_us,
        )  # fmt: skip
        assert answer == wanted

    return play.act("accept", real, check, twice=twice)


def take(play: Play, most: int = MOST) -> list[Record]:
    """A look of the dispatcher. One that sleeps, and that nobody woke, would have found nothing."""
    woken = play.client.delete(f"{play.partition}:wake") > 0
    asleep = not woken and play.model.now < play.asleep_until

    def check(taken: Taken) -> None:
        assert not (asleep and taken.jobs), "the dispatcher slept through this"
        check_take(play.model, taken.jobs, most, round(LEASE_S * 1e6))
        for record in taken.jobs:
            _check_record(record, play.model.jobs[record.key])
        wait_us = DAY_US if taken.next_look_s is None else round(taken.next_look_s * 1e6)
        play.asleep_until = 0 if taken.jobs or taken.rescue_is_due else play.model.now + wait_us

    taken = play.act("take", lambda: play.lanes.take(most, LEASE_S), check)
    play.records += taken.jobs
    play.advance(TURN_US)
    return list(taken.jobs)


def _check_record(record: Record, job: Job) -> None:
    assert job.lease is not None
    assert (record.key, record.run, record.fence) == (job.key, job.run, job.fence)
    assert (record.attempts, record.requests, record.probe) == (job.attempts, job.requests, job.lease.probe)
    assert record.notes == {name: json.loads(value) for name, value in job.notes.items()}


def permit(
    play: Play, record: Record, number: int, *, changes: bool = True, twice: bool = False
) -> Permitted | Refused:
    def check(answer: Permitted | Refused) -> None:
        check_permit(play.model, record, number, answer, changes=changes)

    return play.act("permit", lambda: play.lanes.permit(record, number, changes=changes), check, twice=twice)


def note(play: Play, record: Record, text: str = "", *, twice: bool = False) -> Noted:
    new = {text: text} if text else {}

    def check(answer: Noted) -> None:
        assert answer == play.model.note(record.key, record.fence, {name: json.dumps(name) for name in new})

    return play.act("note", lambda: play.lanes.note(record, new, "half"), check, twice=twice)


def put_back(play: Play, record: Record, *, twice: bool = False) -> bool:
    def check(answer: object) -> None:
        assert answer == play.model.put_back(record.key, record.fence)

    return play.act("put_back", lambda: play.lanes.put_back(record), check, twice=twice)


def give_back(
    play: Play,
    record: Record,
    again: Again,
    *,
    requests: int = 0,
    health: Health = Health.UNTOLD,
    line: str = "{}",
    twice: bool = False,
) -> bool:
    def check(answer: object) -> None:
        assert answer == play.model.give_back(record.key, record.fence, again, requests, health, line=bool(line))

    def real() -> bool:
        return play.lanes.give_back(record, again, requests=requests, line=line, health=health)

    return play.act("give_back", real, check, twice=twice)


def finish(
    play: Play,
    record: Record,
    *,
    category: str | None = None,
    health: Health = Health.UNTOLD,
    requests: int = 0,
    line: str = "{}",
    twice: bool = False,
) -> bool:
    """``category``: that of the dead letter. The event names its run, and the lease that ended it."""
    event = f"{record.account}/{record.id}/{record.run} by {record.fence}"
    attempts, sent = record.attempts + 1, record.requests + requests

    def check(answer: object) -> None:
        assert answer == play.model.finish(
            record, attempts=attempts, requests=sent, event=event, category=category, health=health, line=bool(line)
        )

    def real() -> bool:
        ending = Ending(
            record, state="failed" if category else "succeeded", attempts=attempts, requests=sent, event=event.encode(),
            routing_key="x", keep_s=1e6, line=line, dead={"category": category} if category else None, dead_keep_s=1e6,
            health=health,
        )  # fmt: skip
        (done,) = play.lanes.finish([ending])
        return done is not Finished.LOST

    return play.act("finish", real, check, twice=twice)


def rescue(play: Play, *, twice: bool = False) -> tuple[int, int]:
    def check(answer: tuple[int, int]) -> None:
        assert answer == play.model.rescue()

    return play.act("rescue", play.lanes.rescue, check, twice=twice)


def take_ended(play: Play, runner: str, *, twice: bool = False) -> list[Record]:
    def check(records: Sequence[Record]) -> None:
        jobs = {job.key: job for job in play.model.to_answer()}
        assert {record.key for record in records} == set(jobs)
        for record in sorted(records, key=lambda record: record.fence):
            play.model.lease_to_end(jobs[record.key], record.fence, runner)

    records = play.act("take_ended", lambda: play.lanes.take_ended(runner), check, twice=twice)
    play.records += records
    return records


def replay(play: Play, key: Key, run: int, *, age_us: int = DAY_US, twice: bool = False) -> str:
    def check(answer: str) -> None:
        assert answer == play.model.replay(key, run, age_us)

    return play.act("replay", lambda: play.lanes.replay(*key, run, age_us / 1e6), check, twice=twice)


def end_record(play: Play, key: Key) -> None:
    """The retention of an ended job's record is over: what Redis does then by itself."""
    assert play.model.jobs.pop(key).event is not None
    play.act("retention", lambda: play.client.delete(f"{play.partition}:job:{'/'.join(key)}"), lambda _: None)


def end_dead_letter(play: Play, key: Key, run: int) -> None:
    """A dead letter is discarded, or its retention is over."""
    del play.model.dead[*key, run]
    name = f"{'/'.join(key)}/{run}"

    def real() -> None:
        play.client.delete(f"{play.partition}:dead:{name}")
        play.client.zrem(f"{play.partition}:dead", name)

    play.act("discard", real, lambda _: None)


def _at(play: Play, after_us: int | None) -> int | None:
    return None if after_us is None else play.model.now + after_us


def _s(us: int | None) -> float | None:
    return None if us is None else us / 1e6
