"""Does the broker take connections?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from workers.cli.connection import reach_broker
from workers.cli.doctor.finding import Finding
from workers.cli.doctor.hint import hint
from workers.cli.endings import OUT_OF_REACH, OutOfReach, masked

if TYPE_CHECKING:
    from workers.bootstrap import Service


def check(here: Service) -> Iterator[Finding]:
    try:
        reach_broker(here)
    except OutOfReach as error:
        yield Finding("broker", str(error), hint(str(error)), OUT_OF_REACH)
    else:
        yield Finding("broker", f"{masked(here.endpoints.broker_url)} takes connections")
