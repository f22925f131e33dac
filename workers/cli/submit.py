"""How are jobs put in by hand? All checked first, as intake would; then sent, or none of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli import job_files
from workers.cli.connection import connected
from workers.cli.endings import Failed
from workers.cli.job_files import JobFile
from workers.cli.output import note, say
from workers.cli.progress import counted

if TYPE_CHECKING:
    from schemas.reading import Payloads

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
) -> None:
    """Put jobs on the queue audience.jobs. If any is invalid, say which and where, and send none."""
    from audience_client import Producer

    read = job_files.read(files)
    here = connected()
    count = _check(read, here.door.payloads) if validate else sum(1 for file in read for _ in file.jobs())
    if not count:
        raise Failed("Nothing was sent: there is no job in " + ", ".join(files))
    with Producer(here.endpoints.broker_url) as producer:
        for job in counted((job for file in read for job in file.jobs()), count, "sending"):
            producer.send(job.body)
    jobs = "1 job" if count == 1 else f"{count} jobs"
    say(f"Sent {jobs} to audience.jobs. Watch the events: audience results --follow")


def _check(files: Iterable[JobFile], payloads: Payloads) -> int:
    """How many jobs there are. Raises ``Failed`` after naming every one that is not valid."""
    from schemas.reading import Refused, read_body

    count = invalid = lines = 0
    for file in files:
        for job in file.jobs():
            count += 1
            read = read_body(job.body, payloads)
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
