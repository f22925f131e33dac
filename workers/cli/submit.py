"""How are jobs put in by hand? All checked first, as intake would; then sent, or none of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli import job_files
from workers.cli.connection import connected
from workers.cli.endings import Failed, WrongUsage
from workers.cli.job_files import Found, JobFile
from workers.cli.output import note, say
from workers.cli.progress import counted

if TYPE_CHECKING:
    from workers.bootstrap import Service

MOST_LINES = 100  # of what is wrong: a file of a million broken lines is not explained line by line


def submit(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE… | -", help="One JSON object, an array, or one object a line; - is standard input."
        ),
    ],
    *,
    validate: Annotated[
        bool,
        typer.Option("--validate/--no-validate", help="Without: send them all, their bytes as they are."),
    ] = True,
    producer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Sign as this producer, with the key configured, each job whose account has it."
        ),
    ] = None,
) -> None:
    """Put jobs on the queue audience.jobs. If any is invalid, say which and where, and send none."""
    from audience_client import Producer

    if producer is not None and not validate:
        raise WrongUsage("--producer signs jobs, and --no-validate sends what may be none: leave one of them out")
    read = job_files.read(files)
    here = connected()
    bodies = partial(_bodies, read, here, producer)
    count = _check(bodies(), here) if validate else sum(1 for _ in bodies())
    if not count:
        raise Failed("Nothing was sent: there is no job in " + ", ".join(files))
    with Producer(here.endpoints.broker_url) as sending:
        for job in counted(bodies(), count, "sending"):
            sending.send(job.body)
    jobs = "1 job" if count == 1 else f"{count} jobs"
    say(f"Sent {jobs} to audience.jobs. Watch the events: audience results --follow")


def _bodies(files: Iterable[JobFile], here: Service, producer: str | None) -> Iterator[Found]:
    """Each job as it is sent."""
    for file in files:
        for job in file.jobs():
            yield job if producer is None else replace(job, body=_signed(job.body, here, producer))


def _signed(body: bytes, here: Service, producer: str) -> bytes:
    """The job as a JWS; as it is where its account has no such producer, and where it is no job."""
    from schemas.signed import Signer
    from workers.intake.allowed import named
    from workers.intake.message import from_queue

    account = named(from_queue(body, here.door.payloads), here.configs)
    key = None if account is None else account.producers.get(producer)
    return body if key is None else Signer(producer, key.read()).sign(body)


def _check(jobs: Iterable[Found], here: Service) -> int:
    """How many jobs there are. Raises ``Failed`` after naming every one that is not valid."""
    from schemas.reading import Refused
    from workers.intake.allowed import objection
    from workers.intake.message import from_queue

    count = invalid = lines = 0
    for job in jobs:
        count += 1
        message = from_queue(job.body, here.door.payloads)
        read = objection(message, here.configs) or message.read
        if not isinstance(read, Refused):
            continue
        invalid += 1
        for problem in read.problems:
            lines += 1
            if lines <= MOST_LINES:
                note(f"{job.place}: {problem.pointer or '(the whole)'}: expected {problem.expected}")
    if not invalid:
        return count
    if lines > MOST_LINES:
        note(f"… and {lines - MOST_LINES} more")
    are = "1 job is" if invalid == 1 else f"{invalid} jobs are"
    raise Failed(f"Nothing was sent: {are} not valid, of {count}. Correct what is named above, and submit again.")
