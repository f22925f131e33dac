"""What must stand before the first producer? The exchanges, queues and streams of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workers.cli.connection import connected, reach_broker
from workers.cli.endings import masked
from workers.cli.output import say
from workers.lanes.keys import JOBS_STREAM

if TYPE_CHECKING:
    from workers.bootstrap import Service


def setup() -> None:
    """Declare exchanges, queues and streams. Doing it again changes nothing; a worker does it, too."""
    here = connected()
    reach_broker(here)
    for line in [*_on_broker(here), *_on_state(here)]:
        say(f"declared {line}")


def _on_broker(here: Service) -> list[str]:
    from workers import broker

    queues = [broker.JOBS, broker.SUBMIT]
    said = [f"queue {queue.name}" for queue in queues]
    with broker.connect(here.endpoints.broker_url) as connection:
        channel = connection.channel()
        for queue in queues:
            queue(channel).declare()
        broker.RESULTS_EXCHANGE(channel).declare()
        said.append(f"topic exchange {broker.RESULTS_EXCHANGE.name}")
        if here.settings.results_queue:
            broker.RESULTS(channel).declare()
            said.append(f"queue {broker.RESULTS.name}, bound to #")
    where = masked(here.endpoints.broker_url)
    return [f"{line} on {where}" for line in said]


def _on_state(here: Service) -> list[str]:
    from workers.intake import redis_stream
    from workers.stream import declare

    declare(here.redis, JOBS_STREAM, redis_stream.GROUP)
    return [f"stream {JOBS_STREAM} with the group {redis_stream.GROUP} on {masked(here.endpoints.redis_url)}"]
