"""What did a run show, for people? A page whose every number comes from the run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median

from faults.limits import LATENCY_MS
from faults.result import Result
from faults.run import SENDING, TOLERANCE_S
from faults.schedule import Kind
from faults.stage import REQUEST_TIMEOUT_S
from faults.storms import CALM_S, FULL, FULL_FOR_S

_INTRO = """# Under faults

Real worker processes, a real broker, a real state store with `appendfsync always` and the sandbox for both providers,
through proxies of our own; a seeded plan of what goes wrong, one thing at a time for each part, any at once over all
of them. At the end three ledgers are compared: the jobs that the broker confirmed, the requests that the sandbox
applied, and the events on the results queue and in the results stream. `make faults` writes this page; no number of
it was typed. The same in short is a test of the ordinary suite, on Redis and on RabbitMQ: `tests/faults`.

![Faults, throughput and backlog over time](faults.svg)
"""

_TOLERANCE = f"{TOLERANCE_S * 1000:.0f} ms"
_HOW = f"""## How it is measured

- **Lost**: the broker had confirmed the message, and no final event of it is on the queue. The producer repeats what
  was not confirmed, with the same id.
- **Second final event**: an event of a job with another id than its one run has, or with the same id and another
  content. A repeat, with the same id and content, is allowed and counted.
- **Duplicate create**: a name that the provider applied twice. Every job has a name of its own. Mintegral's sandbox
  takes a name any number of times; PubMatic's refuses the second, so that *sent again* is counted too.
- **Over the limit**: more requests than a limit allows left the workers, all together, in a window of its period less
  {_TOLERANCE}. The moment is the kernel's, when the bytes of a request reached the proxy's socket, before the proxy
  delays them: behind a slow way requests bunch up, and what the provider then refuses is counted above.
- **A storm**: for a second the sandbox answers every request of every lane 429 with `Retry-After: 5`. *Early* are
  requests after a lane's last 429 and before its five seconds are over. *Stragglers* had their permit when the first
  429 came. *Full rate* begins with the first {FULL_FOR_S:.0f} s that hold {FULL:.0%} of what the limit
  allows; nothing else goes wrong then, but the machine may be busy.
- **Clock jumps** are of one worker's wall clock, by up to four minutes either way, while it runs; the sandbox takes
  Mintegral's signatures up to five minutes off.
- A request has {REQUEST_TIMEOUT_S} s here. The sandbox takes {LATENCY_MS} ms, so that something is in flight; it loses
  the answers of 2 % of what it applies, breaks down at 1 % of requests, and shows a new audience after 200 ms.
- The jobs are sent in the first {SENDING:.0%} of the time in which things go wrong, so that lanes are full.
- RabbitMQ is restarted once before the run: Debian's 3.10 loses a quorum queue by a kill within minutes of its making.
"""


def written(result: Result, command: str) -> str:
    """The page, as Markdown."""
    parts = [
        _INTRO,
        _table("The run", _the_run(result, command)),
        _table("Four numbers", _four(result)),
        _table("And others", _others(result)),
        _table("What went wrong, on purpose", _faults(result)),
        _limits(result),
        _HOW,
    ]
    return "\n".join(parts)


def _the_run(result: Result, command: str) -> list[tuple[str, str]]:
    began = datetime.fromtimestamp(result.began_at, UTC)
    return [
        ("command", f"`{command}`"),
        ("date", f"{began:%Y-%m-%d %H:%M} UTC, {result.ended_at - result.began_at:.0f} s"),
        ("size", f"{result.size.jobs:,} jobs on 6 lanes, {result.size.malformed} messages of garbage"),
        ("processes", f"{result.size.workers} workers; {os.cpu_count()} cores, load {result.load[2]:.1f} over 15 min"),
        ("versions", ", ".join(f"{name} {number}" for name, number in result.versions.items())),
    ]


def _four(result: Result) -> list[tuple[str, str]]:
    found, faults = result.findings, result.faults
    kills, freezes = faults[Kind.WORKER_KILL], faults[Kind.WORKER_FREEZE]
    restarts = faults[Kind.BROKER_RESTART] + faults[Kind.BROKER_KILL]
    return [
        ("duplicate creates per worker kill", _per(len(found.duplicates), kills, f"kills, and {freezes} freezes")),
        (
            "jobs lost per broker restart",
            _per(len(found.lost), restarts, f"restarts, {faults[Kind.BROKER_KILL]} of them by kill -9"),
        ),
        ("windows over a limit", f"**{sum(result.over.values())}**, of {result.requests:,} requests"),
        ("full rate again after a storm of 429s", f"**{_spread([each.full_rate_s for each in result.storms])}**"),
    ]


def _per(count: int, times: int, of_what: str) -> str:
    return f"**{count / max(1, times):g}** ({count} in {times} {of_what})"


def _others(result: Result) -> list[tuple[str, str]]:
    found, faults, storms = result.findings, result.faults, result.storms
    state = faults[Kind.STATE_KILL]
    lasted_s = result.ended_at - result.began_at
    endings = ", ".join(f"{count:,} {ending}" for ending, count in sorted(found.endings.items()))
    return [
        ("endings", endings),
        ("jobs lost per kill of the state store", _per(len(found.lost), state, "kills")),
        ("second final events", f"{len(found.unasked) + len(found.altered)}"),
        ("the same event once more", f"{found.repeats} on the queue, {result.stream.repeats} in the stream"),
        ("lost in the stream", f"{len(result.stream.lost)}"),
        ("failed by its event, but applied; or the reverse", f"{len(found.untold)}; {len(found.imagined)}"),
        ("creates sent again after they were applied", f"{len(found.sent_again)}"),
        ("ended as `outcome_unknown`", _named(found.unknown)),
        ("workers that ended by themselves", f"{len(result.workers_lost)}"),
        ("publishes that were not confirmed, and repeated", f"{result.unconfirmed_tries}"),
        ("requests refused by the sandbox's own limits", f"{result.refused_as_too_many}"),
        ("throughput", f"{len(result.answered) / lasted_s:.1f} events/s from the first job to the last event"),
        ("storms: early requests", f"{sum(each.early for each in storms)} in {len(storms)} lanes"),
        ("storms: last straggler after the first 429", _spread([each.stragglers_s for each in storms])),
        ("storms: first request after the pause", _spread([each.first_s for each in storms])),
    ]


def _named(ids: Sequence[str]) -> str:
    return f"{len(ids)}: {', '.join(ids)}" if ids else "0"


def _spread(seconds: Sequence[float | None]) -> str:
    known = [each for each in seconds if each is not None]
    later = f", {len(seconds) - len(known)} not within {CALM_S:.0f} s" if len(known) < len(seconds) else ""
    return f"{median(known):.2f} s median, {max(known):.2f} s at most, {len(known)} lanes{later}" if known else "none"


def _faults(result: Result) -> list[tuple[str, str]]:
    return [(str(kind), str(result.faults[kind])) for kind in Kind]


def _limits(result: Result) -> str:
    head = "## Limits\n\n| whose | limit | requests | windows over it |\n|---|---|---|---|\n"
    rows = [f"| {each.who} | {each.text} | {result.left[each]:,} | {over} |" for each, over in result.over.items()]
    return head + "\n".join(rows) + "\n"


def _table(title: str, rows: Sequence[tuple[str, str]]) -> str:
    return f"## {title}\n\n| | |\n|---|---|\n" + "\n".join(f"| {name} | {value} |" for name, value in rows) + "\n"
