"""How does a Celery app of your own send jobs, and hear of their ends?

AUDIENCE_BROKER_URL=redis://host/0 python with_celery.py jobs.jsonl
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from celery import Celery
from kombu import Queue

app = Celery("upstream", broker=os.environ["AUDIENCE_BROKER_URL"])
if os.environ["AUDIENCE_BROKER_URL"].startswith("amqp"):
    app.conf.broker_transport_options = {"confirm_publish": True}
# An event is no task: a plain consumer takes it, in a Celery worker as a bootstep (celery.bootsteps.ConsumerStep).
RESULTS = Queue("audience.results", no_declare=True)


def main(path: Path) -> None:
    jobs = [json.loads(line) for line in path.read_text().splitlines()]
    for job in jobs:
        app.send_task("audience.submit", args=[job], queue="audience.submit")
    waiting = {(job["provider"], job["account"], job["id"]) for job in jobs}
    seen = set()

    def handle(message: Any) -> None:
        event = json.loads(message.body)
        if event["id"] not in seen:  # else a repeat
            seen.add(event["id"])
            print(json.dumps(event), flush=True)
            waiting.discard((event["data"]["provider"], event["data"]["account"], event["data"]["job_id"]))
        message.ack()  # only now: if this program dies, the event comes again

    with app.connection_for_read() as connection, connection.Consumer(RESULTS, on_message=handle, prefetch_count=10):
        while waiting:
            connection.drain_events(timeout=60)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
