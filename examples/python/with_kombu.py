"""How does a program with kombu send jobs to RabbitMQ or Redis, and take events from the durable queue?

AUDIENCE_BROKER_URL=amqp://user:password@host/%2F python with_kombu.py jobs.jsonl
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from kombu import Connection, Queue

RESULTS = Queue("audience.results", no_declare=True)  # `audience setup` declares it, and so does every worker


def main(url: str, path: Path) -> None:
    jobs = [json.loads(line) for line in path.read_text().splitlines()]
    amqp = url.startswith("amqp")
    with Connection(url, transport_options={"confirm_publish": True} if amqp else {}) as connection:
        producer = connection.Producer()
        for job in jobs:
            producer.publish(
                job,
                exchange="",
                routing_key="audience.jobs",
                serializer="json",
                delivery_mode=2,
                mandatory=amqp,
                confirm_timeout=10,
                retry=True,
            )
        wait(connection, {(job["provider"], job["account"], job["id"]) for job in jobs})


def wait(connection: Connection, waiting: set[tuple[str, ...]]) -> None:
    """Every event of the queue is taken: who shares it gets only some."""
    seen = set()

    def handle(message: Any) -> None:
        event = json.loads(message.body)
        if event["id"] not in seen:  # else a repeat
            seen.add(event["id"])
            print(json.dumps(event), flush=True)
            waiting.discard((event["data"]["provider"], event["data"]["account"], event["data"]["job_id"]))
        message.ack()  # only now: if this program dies, the event comes again

    with connection.Consumer(RESULTS, on_message=handle, prefetch_count=10):
        while waiting:
            connection.drain_events(timeout=60)


if __name__ == "__main__":
    main(os.environ["AUDIENCE_BROKER_URL"], Path(sys.argv[1]))
