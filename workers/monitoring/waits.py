"""What does a job wait for, and until when? Every reason that holds now, read from its record and its lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.instant import write
from workers.lanes.clock import moment


@dataclass(frozen=True, slots=True)
class Wait:
    """One reason. ``until_us`` None: not a matter of time."""

    what: str
    until_us: int | None
    why: str

    def listed(self) -> dict[str, str | None]:
        return {
            "for": self.what,
            "until": None if self.until_us is None else write(moment(self.until_us)),
            "why": self.why,
        }


def waits(
    job: Mapping[str, str],
    lane: Mapping[str, str],
    whole: Mapping[str, str],
    limiting: Sequence[Mapping[str, str]],
    *,
    lease_ends_us: int | None,
    now_us: int,
) -> list[Wait]:
    """The reasons; empty for a job that has ended.

    ``whole`` is the lane of the provider as a whole, ``limiting`` all whose limits concern the job: these two, and
    those of its operation.
    """
    match job.get("state"):
        case "waiting":
            found = [*_due(job, now_us), *holds(lane, whole, now_us), *_limits(limiting, now_us)]
            return found or [Wait("turn", None, "it may run now: the next free place goes to it or to a job before it")]
        case "handed":
            return [Wait("worker", lease_ends_us, "a worker is about to begin it; else it returns to its lane")]
        case "running":
            return [Wait("provider", lease_ends_us, "a worker is on it; its lease is renewed with each request")]
        case _:
            return []


def holds(lane: Mapping[str, str], whole: Mapping[str, str], now_us: int) -> list[Wait]:
    """What holds a lane back now, its limits apart: pauses, the breaker, places that are taken."""
    return [*_pauses(lane, whole, now_us), *_breaker(lane, now_us), *_caps(lane, whole)]


def _due(job: Mapping[str, str], now_us: int) -> list[Wait]:
    due = number(job.get("due"))
    if due <= now_us:
        return []
    tried = number(job.get("requests")) > 0
    if job.get("look") == "1":
        why = "an answer was lost; then the audience is looked for, before anything is sent again"
    else:
        why = "the wait after its last attempt" if tried else "not_before, or the time at which it may go again"
    return [Wait("due", due, why)]


def _pauses(lane: Mapping[str, str], whole: Mapping[str, str], now_us: int) -> list[Wait]:
    found = []
    for name, each in (("the lane", lane), ("the whole provider", whole)):
        for until, by, reason in (
            (number(each.get("paused_until")), "by the provider", each.get("pause_reason")),
            (number(each.get("held_until")), f"by {each.get('held_by')}", each.get("held_reason")),
        ):
            if until > now_us:
                found.append(Wait("pause", until, f"{name} is paused {by}" + (f": {reason}" if reason else "")))
    return found


def _breaker(lane: Mapping[str, str], now_us: int) -> list[Wait]:
    until = number(lane.get("open_until"))
    if not until:
        return []
    why = f"the breaker is open after {lane.get('failures')} failures in a row; then one job probes"
    return [Wait("breaker", until if until > now_us else None, why)]


def _caps(lane: Mapping[str, str], whole: Mapping[str, str]) -> list[Wait]:
    found = []
    for name, each in (("account", lane), ("provider", whole)):
        cap, running = number(each.get("max_in_flight")), number(each.get("in_flight"))
        if 0 < cap <= running:
            found.append(Wait("in_flight", None, f"{running} of {cap} places of its {name} are taken"))
    return found


def _limits(limiting: Sequence[Mapping[str, str]], now_us: int) -> list[Wait]:
    """GCRA, as the lane's scripts reckon: a request may go ``burst - 1`` intervals before its arrival time."""
    found = []
    for each in limiting:
        for limit in each.get("limits", "").split():
            interval, burst = map(int, limit.split(":"))
            at = number(each.get(f"permit:{limit}")) - (burst - 1) * interval
            if at > now_us:
                found.append(
                    Wait("limit", at, f"the limits {each.get('limits_text', '')} of its account, provider or operation")
                )
    return found


def number(text: str | None) -> int:
    return int(float(text or 0))
