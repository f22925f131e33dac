"""How does a program with redis-py send jobs by the stream, and hear of their ends? No broker's client is needed.

AUDIENCE_REDIS_URL=redis://host/0 python with_redis.py jobs.jsonl
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import redis


def main(url: str, path: Path) -> None:
    jobs = [json.loads(line) for line in path.read_text().splitlines()]
    with redis.Redis.from_url(url) as client:
        newest: Any = client.xrevrange("audience:results", count=1)
        place = newest[0][0] if newest else "0"  # before the first job, so that no event is missed
        for job in jobs:
            client.xadd("audience:jobs", {"job": json.dumps(job)})  # answered: it stands in the stream
        wait(client, place, {(job["provider"], job["account"], job["id"]) for job in jobs})


def wait(client: redis.Redis, after: Any, waiting: set[tuple[str, ...]]) -> None:
    place = after
    mine, seen = set(waiting), set()
    while waiting:
        page: Any = client.xread({"audience:results": place}, block=4000, count=100)  # under redis-py's own timeout
        for entry, fields in page[0][1] if page else ():
            place = entry
            event = json.loads(fields[b"event"])
            job = (event["data"]["provider"], event["data"]["account"], event["data"]["job_id"])
            if job not in mine or event["id"] in seen:
                continue  # of another producer; or a repeat, which has the same id
            seen.add(event["id"])
            print(json.dumps(event), flush=True)
            waiting.discard(job)


if __name__ == "__main__":
    main(os.environ["AUDIENCE_REDIS_URL"], Path(sys.argv[1]))
