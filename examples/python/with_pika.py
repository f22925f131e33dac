"""How does a program with pika send jobs to RabbitMQ, and hear of their ends?

AUDIENCE_BROKER_URL=amqp://user:password@host/%2F python with_pika.py jobs.jsonl
"""

import json
import os
import sys
from pathlib import Path

import pika

PERSISTENT = pika.BasicProperties(delivery_mode=2, content_type="application/json")


def main(url: str, path: Path) -> None:
    jobs = [json.loads(line) for line in path.read_text().splitlines()]
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        events = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(events, "audience.results", "#")  # before the first job, so that no event is missed
        channel.confirm_delivery()
        for job in jobs:
            # Raises UnroutableError or NackError unless the job lies on the queue.
            channel.basic_publish("", "audience.jobs", json.dumps(job), PERSISTENT, mandatory=True)
        wait(channel, events, {(job["provider"], job["account"], job["id"]) for job in jobs})


def wait(
    channel: pika.adapters.blocking_connection.BlockingChannel, events: str, waiting: set[tuple[str, ...]]
) -> None:
    mine, seen = set(waiting), set()
    for _, _, body in channel.consume(events, auto_ack=True, inactivity_timeout=60):
        if body is None:
            sys.exit("No event within 60 s: see that a worker runs.")
        event = json.loads(body)
        job = (event["data"]["provider"], event["data"]["account"], event["data"]["job_id"])
        if job not in mine or event["id"] in seen:
            continue  # of another producer; or a repeat, which has the same id
        seen.add(event["id"])
        print(json.dumps(event), flush=True)
        waiting.discard(job)
        if not waiting:
            return


if __name__ == "__main__":
    main(os.environ["AUDIENCE_BROKER_URL"], Path(sys.argv[1]))
