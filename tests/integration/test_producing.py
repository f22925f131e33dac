"""Is docs/producing.md true? Its programs are those that tests run, its commands are run here."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

from command import example
from jws import KEY
from real import Deployment, RedisServer, missing, wait_until

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "producing.md").read_text()


def test_every_program_stands_in_the_document() -> None:
    shown = set(re.findall(r"\.\./(examples/[^)]+)", TEXT))
    there = {
        str(path.relative_to(ROOT))
        for suffix in ("py", "js", "go", "java")
        for path in (ROOT / "examples").rglob(f"*.{suffix}")
        if "node_modules" not in path.parts
    }
    assert shown == there


def test_the_documents_producers_are_a_configuration_and_its_python_signs(
    on_redis: Deployment, redis_server: RedisServer
) -> None:
    (table,) = re.findall(r"^```toml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    (program,) = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    key = on_redis.folder / "crm"
    key.write_text(KEY + "\n")
    with on_redis.config.open("a") as config:
        config.write("\n" + table.replace("/run/secrets/crm", str(key)))
    on_redis.wait_for_worker(on_redis.start_worker())
    job = example("pubmatic-create-simple")
    exec(program, {"broker_url": on_redis.broker_url, "key": KEY, "job": job})  # noqa: S102 - what a reader would run
    with redis_server.client() as client:
        (event,) = wait_until(lambda: on_redis.events(client), what="the event")
    assert (event["subject"], event["data"]["status"]) == (job["id"], "succeeded")


def test_the_documents_commands_put_jobs_in_and_show_an_event(on_redis: Deployment, redis_server: RedisServer) -> None:
    if shutil.which("redis-cli") is None:
        missing("redis-cli")
    on_redis.wait_for_worker(on_redis.start_worker())
    (block,) = re.findall(r"^```sh\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    *jobs, last = [shlex.split(line)[1:] for line in block.splitlines()]
    for words in jobs:
        redis_cli(redis_server, words)
    with redis_server.client() as client:
        events = wait_until(lambda: len(found := on_redis.events(client)) == len(jobs) and found, what="the events")
    assert {(event["subject"], event["data"]["status"]) for event in events} == {
        ("by-list", "succeeded"),
        ("by-stream", "succeeded"),
    }
    assert '"audience.job.succeeded"' in redis_cli(redis_server, last)


def redis_cli(server: RedisServer, words: list[str]) -> str:
    command = ["redis-cli", "-p", str(server.port), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
