"""Is what the documents show true? Their JSON and TOML are read, their commands run."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from real import Deployment, RedisServer, Sandbox, wait_until
from redis import Redis

from audience_client import Producer
from schemas.event import EVENT
from schemas.job import Job
from workers.config import read_config
from workers.providers.provider import installed

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
EXAMPLES = ROOT / "schemas" / "examples"
ENDLESS = {"worker", "flower", "up"}  # started by tests/acceptance; here only their options are read


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def commands(name: str) -> list[list[str]]:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith(f"{name} ")]


def example(name: str) -> Any:
    return json.loads((EXAMPLES / name).read_text())


def test_the_readme_shows_the_job_and_the_event_of_the_examples() -> None:
    job, event = (json.loads(block) for block in blocks("json"))
    assert Job.model_validate(job) == Job.model_validate(example("jobs/pubmatic-create-simple.json"))
    whole = example("events/pubmatic-create-succeeded.json")
    EVENT.validate_python(event)
    shown = event["data"]["result"].pop("audience")
    assert shown.items() <= whole["data"]["result"].pop("audience").items()
    assert event == whole


class _Enough(Exception):  # noqa: N818 - the end of an endless loop
    pass


def test_the_readmes_python_runs(on_redis: Deployment) -> None:
    on_redis.wait_for_worker(on_redis.start_worker())
    (text,) = blocks("python")
    job = example("jobs/pubmatic-create-simple.json")
    printed: list[str] = []

    def show(*words: str) -> None:
        printed.append(" ".join(words))
        raise _Enough

    names: dict[str, Any] = {"broker_url": on_redis.broker_url, "job": job, "print": show}
    with pytest.raises(_Enough):
        exec(compile(text, "README.md", "exec"), names)  # noqa: S102 - the README's own code
    assert names["event"].data.result.audience_id
    assert printed == [f"pubmatic/acme/{job['id']}/1 succeeded"]


def test_the_readmes_configuration_is_one(tmp_path: Path) -> None:
    (text,) = blocks("toml")
    (tmp_path / "audience.toml").write_text(text)
    models = {name: provider.config_model for name, provider in installed().items()}
    configs = read_config(tmp_path / "audience.toml", models)
    assert [str(limit) for limit in configs["pubmatic"].accounts["acme"].limits] == ["5/s", "10000/day burst 10000"]


def test_every_make_target_of_the_readme_exists() -> None:
    targets = [words[0] for words in commands("make")] + re.findall(r"`make (\w+)`", README)
    assert {"demo", "test", "check"} <= set(targets)
    for target in targets:
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)


def test_every_command_of_the_readme_runs(
    tmp_path: Path, on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    on_redis.wait_for_worker(on_redis.start_worker())
    _let_order_17_die_and_18_wait(on_redis, sandbox, redis_server)
    (tmp_path / "jobs.jsonl").write_text(json.dumps(example("jobs/mintegral-create.json")))
    inline = [shlex.split(words)[1:] for words in re.findall(r"`(audience [a-z][^`]*)`", README)]
    for words in map(_bounded, [*inline, *commands("audience")]):
        done = subprocess.run(
            [sys.executable, "-m", "workers.cli", *words],
            cwd=tmp_path,
            env={**os.environ, **on_redis.env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr


def _bounded(words: list[str]) -> list[str]:
    """The same command, made to end."""
    if words[0] in ENDLESS:
        return [words[0], "--help"]
    return [*words, "--limit", "1"] if "--follow" in words else words


def _let_order_17_die_and_18_wait(deployment: Deployment, sandbox: Sandbox, server: RedisServer) -> None:
    sandbox.fault(action="answer", provider="pubmatic", times=1, status=401)
    with Producer(deployment.broker_url) as producer:
        order = example("jobs/pubmatic-create-simple.json")
        producer.submit(order | {"id": "order-17"})
        producer.submit(order | {"id": "order-18", "not_before": "2030-01-01T00:00:00Z"})
    with server.client() as client:
        wait_until(lambda: _dead(client), what="a dead letter")
        wait_until(lambda: client.hget("audience:{pubmatic}:lane:acme", "waiting") == b"1", what="a job that waits")


def _dead(client: Redis) -> int:
    return int(client.zcard("audience:{pubmatic}:dead"))


def test_no_link_of_a_document_leads_nowhere() -> None:
    ours = [path for path in ROOT.glob("[a-z]*/**/README.md") if "node_modules" not in path.parts]
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ours]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), (document, target)
