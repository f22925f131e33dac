"""Which table and which page do the results make? ``docs/performance.md``, every number of it from the result."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.compare.comparison import CELERY, FEWER_THREADS, ON_ONE_CORE, OURS
from bench.compare.sides import CONCURRENCY, FEWER
from bench.lanes.document import number, rows, spread

FLOOR = "floor"
AT_ONCE = "requests at the provider at once, 100 ms"
CELL, WHAT = 26, 46

HEAD = """# Performance

The service beside what one would pick instead: a task written with Celery, dramatiq or taskiq that calls a provider
with httpx; and the floor, a plain loop. `make bench` measures all of them in one run, prints this table, and writes
this page, `docs/performance.svg` and `bench/results/compare.json`; no number here was typed.
`make bench ARGS=celery-threads` measures one side beside ours, `make bench ARGS=--quick` all of them in small, and
neither keeps anything. What concerns the lanes (use of a limit, a million waiting jobs, memory of a job) stands on
[a page of its own](lanes-figures.md).

![CPU of a job, requests at once and latency of each side](performance.svg)
"""

METHOD = """## What was done

- Every side does the same with a job: takes it from the queue, holds it against the same pydantic models (`schemas`),
  sends one GET with httpx to the same stub, and pushes the result onto a list of Redis. Each is written as its
  documentation says (`bench/compare/with_*.py`): Celery with a pool of threads or of processes and no result backend,
  dramatiq with its usual middleware and prefetch, taskiq on its Redis stream broker with uvloop and one `AsyncClient`.
  Tasks in threads have a client for each thread, which is better for them than httpx's shared pool.
- Ours has a small client of its own (`workers/http_connection.py`), whose answers a parser in C reads: a permit has to
  be asked for right before the first byte. The others have httpx's client, as a task written by hand has; a good part
  of the difference is this.
- For our service that is everything from the `LPUSH` of the bare JSON to its event in `audience:results`. It does more
  with a job than the others: idempotency, limits, a lease and a permit for the request, the job's history, an outbox,
  an event for the queue and one for the stream, log lines.
- Each side has a fresh Valkey (append-only file, fsync every second), those on RabbitMQ a fresh node as well, and one
  worker, which has the machine to itself ("one core": the kernel keeps it on one, as `taskset` does). In every round
  each side has its turn, in random order, after a warm-up. Jobs are sent while the worker is stopped, so that it works
  on a full queue, and nobody sends meanwhile.
- CPU is the processor time of the worker's processes, children included, per finished job; Redis' own is named beside
  it. Ratios are of one round, then their median. Values are medians, in brackets the smallest and the largest round.
- "At once" is the rate of requests at the provider, away from a block's edges, times its delay.
- Submit to request: single jobs at random moments, from the moment the side's own producer is called to the request's
  arrival; idle: one every 50 ms; half load: half as many as the side did in its own block at 0 ms. The percentiles are
  of all rounds' jobs together.
"""


def show(result: dict[str, Any]) -> str:
    """For a terminal: ratios first, then one row a figure, one column a side."""
    lines = [f"  {row[0]:78} {row[1]:>6} {row[2]:>8}  {row[3]:18} {row[4].strip('*')}" for row in _ratio_rows(result)]
    head, *body = _table(result)
    cells = [f"  {head[0]:{WHAT}}" + "".join(f"{each:>{CELL}}" for each in head[1:])]
    cells += [f"  {row[0]:{WHAT}}" + "".join(f"{each:>{CELL}}" for each in row[1:]) for row in body]
    return "\n".join(["", *lines, "", *cells, "", _stub(result)])


def write(result: dict[str, Any], page: Path) -> None:
    """Write the page."""
    page.write_text("\n".join(_page(result)))


def _page(result: dict[str, Any]) -> Iterator[str]:
    yield HEAD
    yield "## The goals\n\n| what | goal | median | spread | |\n|---|---|---|---|---|"
    yield from (f"| {' | '.join(row)} |" for row in _ratio_rows(result))
    yield "\n" + _verdict(result) + "\n\n## Every side\n"
    head, *body = _table(result)
    yield f"| {' | '.join(head)} |\n|{'---|' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in body)
    yield "\n" + _circumstances(result) + "\n"
    yield METHOD
    yield from _reading(result)


def _verdict(result: dict[str, Any]) -> str:
    missed = [line["what"] for line in result["ratios"] if line["met"] is False]
    return "Missed: " + "; ".join(missed) + "." if missed else "Every goal is met."


def _ratio_rows(result: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    return rows({"lines": result["ratios"]})


def _table(result: dict[str, Any]) -> Iterator[list[str]]:
    sides = list(result["sides"].values())
    yield ["", *(side["title"] for side in sides)]
    for lines in zip(*(side["figures"] for side in sides), strict=True):
        unit = f", {lines[0]['unit']}" if lines[0]["unit"] else ""
        yield [lines[0]["what"] + unit, *(f"{number(line['value'], '')} ({spread(line)})" for line in lines)]


def _stub(result: dict[str, Any]) -> str:
    return f"The provider is the stub of bench/lanes; it used at most {result['stub_share']:.0%} of one core."


def _circumstances(result: dict[str, Any]) -> str:
    machine, load = result["machine"], result["load"]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return (
        f"`make bench`: {result['rounds']} rounds in {result['took_s']:.0f} s on {result['at']}, commit "
        f"{machine['commit']}; {machine['cores']} cores, load {load[0]:.1f} before and {load[1]:.1f} after; "
        f"{machine['processor']}, Python {machine['python']}, {versions}. {_stub(result)}"
    )


def _reading(result: dict[str, Any]) -> Iterator[str]:
    """What follows from the figures for somebody who runs the service."""
    if not {OURS, FEWER_THREADS, ON_ONE_CORE, CELERY, FLOOR} <= set(result["sides"]):
        return
    cpu, redis = (_value(result, OURS, f"{what}, 100 ms") for what in ("CPU of a job", "Redis' CPU of a job"))
    floor, celery = (_value(result, name, "CPU of a job, 0 ms") for name in (FLOOR, CELERY))
    full, celery_full = (_value(result, name, "jobs/s of the worker, 0 ms") for name in (OURS, CELERY))
    alone_s, celery_alone_s = (_value(result, name, "submit to request, half load, p50") for name in (OURS, CELERY))
    redis_at_once = _value(result, OURS, "Redis' CPU of a job, 0 ms")
    per_core, at_once = (_value(result, OURS, w) for w in ("jobs per core and second, 100 ms", AT_ONCE))
    cpu_at_once, alone_at_once = (_value(result, name, "CPU of a job, 0 ms") for name in (OURS, ON_ONE_CORE))
    fewer_at_once = _value(result, FEWER_THREADS, AT_ONCE)
    alone = _value(result, ON_ONE_CORE, "CPU of a job, 100 ms")
    yield f"""## Where the time goes

With a provider that answers at once, a job costs {cpu_at_once:.2f} ms of processor time, and {redis_at_once:.2f} ms in
Redis. The plain loop needs {floor:.2f} ms for its work: taking the job, holding it against its models, the request by
httpx's client, the result. A bare Celery task costs {celery:.2f} ms.

Much of the rest are threads that wait for Python's lock: each system call lets go of it, and the way back is a change
of threads. That is why few calls for many jobs cost less, and why one core is better than two. At 100 ms there are
fewer jobs in each call: {cpu:.2f} ms.

Jobs that come one by one cost most, since nothing is there to be done together. At half load, which is
{full / 2:.0f} jobs a second for our service and {celery_full / 2:.0f} for Celery, half of them wait longer than
{alone_s:.1f} ms for their request, with Celery {celery_alone_s:.1f}.

## What limits it

- One worker process runs Python on one core at a time: at {cpu:.2f} ms a job it ends {per_core:,.0f} jobs a second at
  most. More processes take more cores; they share the lanes, and nothing is partitioned.
- Its threads, where requests take long: {CONCURRENCY} of them are all busy only if a request takes more than
  {CONCURRENCY * cpu:.0f} ms. Below that the core is full first: at 100 ms, {at_once:.0f} of {CONCURRENCY} threads had a
  request at the provider, and {fewer_at_once:.0f} of {FEWER}.
- Redis is one core for all workers: at {redis:.2f} ms a job it is full at some {1000 / redis:,.0f} jobs a second.
- In practice the provider: a limit of 50/s needs {50 * cpu / 1000:.1%} of one core.

## How to size a deployment

- Cores for workers: jobs a second times {cpu:.2f} ms, and as much again to spare: on a busy machine permits come late,
  and are lost.
- Worker processes: one for each of those cores, and two at least, so that one may die.
- Keep each of them on a core of its own (`taskset --cpu-list 3 celery …`, systemd's `CPUAffinity=3`, Kubernetes' static
  CPU manager): threads that take turns on Python's lock do so for less when they need not change cores. A job cost
  {alone:.2f} ms then, not {cpu:.2f}; at 0 ms {alone_at_once:.2f}, not {cpu_at_once:.2f}.
- Threads (`AUDIENCE_CONCURRENCY`) of all workers: jobs a second times seconds of a request, with room for slow answers;
  `max_in_flight` of each account: its own jobs a second times seconds of a request, at least.
- Redis: one core, and the memory of the jobs that wait or are remembered.
"""


def _value(result: dict[str, Any], side: str, what: str) -> float:
    return next(float(line["value"]) for line in result["sides"][side]["figures"] if line["what"] == what)
