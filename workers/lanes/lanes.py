"""What can be done to the jobs of one provider? The Python face of the scripts, one method an act."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import redis

from workers.config import AccountConfig, Limit, ProviderConfig
from workers.lanes.clock import us
from workers.lanes.distance import Distance, now_s
from workers.lanes.keys import partition
from workers.lanes.scripts import run
from workers.lanes.state import (
    Accepted,
    Again,
    Arrival,
    Ending,
    Finished,
    Health,
    Noted,
    Permitted,
    Record,
    Refusal,
    Refused,
    Taken,
    record_of,
)
from workers.lanes.together import Together

AHEAD_S = 0.25  # a permit may be given this long before its time, so that the full rate is reached
HANDED_AHEAD_S = 0.1  # and its job handed out, whose thread sleeps so long as a rule
SLACK_S = 0.02  # of each limit's period; what it costs in rate: 2 % of a limit per second, nothing of longer ones
LEASE_MARGIN_S = 15.0  # a running job's lease is so much longer than the request it may be waiting for
ENDING_LEASE_S = 15.0  # to answer a job that will not be sent
BATCH = 32
MAX_RESCUES = 5  # a job whose workers were lost so often is taken for the reason


class Lanes:
    """The lanes of one provider."""

    def __init__(self, client: redis.Redis, provider: str, config: ProviderConfig, request_timeout_s: float) -> None:
        self.client = client
        self.provider = provider
        self.config = config
        self._running_lease_s = request_timeout_s + LEASE_MARGIN_S
        self.partition = partition(provider)
        self._distance = Distance()
        self._permits = Together(self._permit, BATCH)

    def _run(self, script: str, *args: Any) -> Any:
        return run(self.client, script, self.partition, *args)

    def configure(self) -> None:
        """Write down the limits and caps of every account, for all workers."""
        self._configure("*", self.config, self.config.max_in_flight or 0)
        for name, account in self.config.accounts.items():
            self._configure(name, account, account.max_in_flight, account.weight, adaptive=account.adaptive)

    def _configure(
        self,
        name: str,
        what: ProviderConfig | AccountConfig,
        max_in_flight: int,
        weight: int = 1,
        *,
        adaptive: bool = False,
    ) -> None:
        operations = " ".join(what.operations)
        self._run("configure", name, *written(what.limits), max_in_flight, weight, int(adaptive), operations)
        for operation, its in what.operations.items():
            self._run("configure", f"{name}/{operation}", *written(its.limits), 0, 1, 0, "")

    def accept(self, arrivals: Sequence[Arrival]) -> list[Accepted]:
        """Store jobs in their lanes, in their order, unless they are known already. In one call."""
        args = [
            part
            for each in arrivals
            for part in (
                each.account,
                each.id,
                each.operation,
                each.digest,
                each.body,
                each.priority,
                us(each.not_before),
                0 if each.expires_at is None else max(1, us(each.expires_at)),  # before 1970 is not never
                us(each.max_age_s),
            )
        ]
        return [Accepted(answer.decode()) for answer in self._run("accept", *args)]

    def take(self, most: int, lease_s: float, *, woken: bool = False) -> Taken:
        """Hand out at most ``most`` jobs that may run now, each under a lease of ``lease_s``.

        ``woken``: by a wake-up, which somebody else hears where ``most`` is 0.
        """
        answer = self._run("take", most, us(lease_s), us(HANDED_AHEAD_S), int(woken))
        if answer == b"unconfigured":
            self.configure()
            return Taken((), 0.0, rescue_is_due=False)
        look, rescue, *jobs = answer
        return Taken(tuple(map(record_of, jobs)), None if look < 0 else look / 1e6, bool(rescue))

    def wait_for_change(self, at_most_s: float) -> bool:
        """Sleep until a lane may have work, at most so long and a tenth of a second: that is Redis' beat for timeouts.

        True: it may. Needs a connection of its own while it sleeps.
        """
        return self.client.blpop([f"{self.partition}:wake"], timeout=max(0.001, at_most_s)) is not None

    def permit(self, record: Record, number: int, *, changes: bool) -> Permitted | Refused:
        """Ask for the right to send the lease's ``number``-th request (from 1), and renew the lease with it.

        Threads that ask at the same time do so in one call.
        """
        answer = self._permits((*record.key, record.fence, number, int(changes)))
        if isinstance(answer, redis.ResponseError):
            raise answer
        return answer

    def _permit(
        self, asked: Sequence[tuple[Any, ...]], asked_at: float | None = None
    ) -> list[Permitted | Refused | redis.ResponseError]:
        asked_at = asked_at or now_s()
        try:
            answers = self._run(
                "permit", us(AHEAD_S), us(self._running_lease_s), *(part for each in asked for part in each)
            )
        except redis.ResponseError as error:
            if len(asked) == 1:
                return [error]
            # Alone, each shows whether it is the reason. What had its permit gets the same one, as old as it is.
            return [self._permit([each], asked_at)[0] for each in asked]
        way_s = self._distance.after(now_s() - asked_at)
        return [_permitted(word, wait_us / 1e6, asked_at, way_s) for word, wait_us in answers]

    def confirm(self, record: Record) -> Refused | None:
        """Whether a permit that was given ahead still holds. None: it does."""
        answer, wait_us = self._run("confirm", *record.key, record.fence)
        return None if answer == b"go" else Refused(Refusal(answer.decode()), wait_us / 1e6)

    def note(self, record: Record, new: Mapping[str, Any], progress: str) -> Noted:
        """Write down what is new for the job's later attempts, and how far it is; renew its lease."""
        pairs = [part for name, value in new.items() for part in (name, json.dumps(value))]
        lease_us = us(self._running_lease_s)
        answer = self._run("note", *record.key, record.fence, lease_us, progress, *pairs)
        return Noted(answer.decode())

    def put_back(self, record: Record) -> bool:
        """Return a job that has not begun to its place. False: it has begun, or is somebody else's."""
        return bool(self._run("put_back", *record.key, record.fence))

    def give_back(
        self,
        held: Record,
        again: Again,
        *,
        requests: int = 0,
        line: str = "",
        health: Health = Health.UNTOLD,
    ) -> bool:
        """Settle a lease with "again". False: the lease was lost, and nothing was changed."""
        after_us = -1 if again.after_s is None else us(again.after_s)
        since_us = -1 if again.unknown_now else us(again.unknown_since)
        done = self._run(
            "give_back", held.account, held.id, held.fence, after_us, int(again.spent), requests,
            int(again.look), again.looks, since_us,
            again.throttles, us(again.pause_s), again.pause_reason, line, int(again.adapt),
            *self._breaker(held.account, health),
        )  # fmt: skip
        return bool(done)

    def finish(self, endings: Sequence[Ending]) -> list[Finished]:
        """Settle leases with endings, in one call. ``LOST``: the lease was lost, and nothing was changed."""
        args = [part for each in endings for part in self._ending(each)]
        return [Finished(done) for done in self._run("finish", *args)]

    def _ending(self, ending: Ending) -> tuple[Any, ...]:
        pairs = [part for pair in (ending.dead or {}).items() for part in pair]
        retention_ms = 0 if ending.dead is None else round(ending.dead_keep_s * 1000)
        args = (
            *ending.held.key, ending.held.fence, ending.state, ending.attempts, ending.requests, ending.event,
            ending.routing_key, round(ending.keep_s * 1000), ending.line, retention_ms,
            *self._breaker(ending.held.account, ending.health), *pairs,
        )  # fmt: skip
        return len(args), *args

    def _breaker(self, account: str, health: Health) -> tuple[Any, ...]:
        policy = self.config.policy(account)
        return health.value, policy.breaker_failures, us(policy.breaker_open_s), us(policy.breaker_open_cap_s)

    def rescue(self) -> tuple[int, int]:
        """Return leases that ran out: how many had not started, how many had."""
        handed, running = self._run("rescue", BATCH, "the worker was lost, or held the job for too long", MAX_RESCUES)
        return handed, running

    def take_ended(self, runner: str) -> list[Record]:
        """Lease the waiting jobs whose time is over, to answer them."""
        return [record_of(fields) for fields in self._run("take_ended", BATCH, us(ENDING_LEASE_S), runner)]

    def replay(self, account: str, job_id: str, run: int, max_age_s: float, who: str = "") -> str:
        """Put a dead job back into its lane: "replayed", "gone" or "overtaken". ``who``: for a line in the audit."""
        return str(self._run("replay", account, job_id, run, us(max_age_s), who).decode())

    def show(self, account: str, job_id: str) -> dict[str, str] | None:
        """Every field of a job's record as text; None if there is none."""
        fields: Any = self.client.hgetall(f"{self.partition}:job:{account}/{job_id}")
        return {name.decode(): value.decode("utf-8", "replace") for name, value in fields.items()} or None

    def lane(self, account: str) -> dict[str, str]:
        """The hash of a lane, or of the whole provider (``*``)."""
        fields: Any = self.client.hgetall(f"{self.partition}:lane:{account}")
        return {k.decode(): v.decode() for k, v in fields.items()}


def _permitted(word: bytes, wait_s: float, asked_at: float, way_s: float) -> Permitted | Refused:
    if word in {b"go", b"timed"}:
        return Permitted(wait_s, timed=word == b"timed", asked_at=asked_at, way_s=way_s)
    return Refused(Refusal(word.decode()), wait_s)


def written(limits: Sequence[Limit]) -> tuple[str, str]:
    """Limits as the scripts read them, and as people do."""
    spacings = dict.fromkeys(f"{round(_interval_s(limit) * 1e6)}:{limit.burst}" for limit in limits)
    return " ".join(spacings), ", ".join(map(str, limits))


def _interval_s(limit: Limit) -> float:
    """The time between two permits, so that N of them and one more never meet within one period.

    A request leaves up to ``LATE_S`` (execution/permits.py) after its permit's moment, while its successors may be on
    time; ``SLACK_S`` is kept free for that in each period. A burst is the user's own wish for more than an even
    spread, and gets the plain rate.
    """
    return (limit.period_s + (SLACK_S if limit.burst == 1 else 0.0)) / limit.count
