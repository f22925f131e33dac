"""Does a running worker use the new value as soon as a secret's file has it? Every kind of secret and of writing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from command import example
from real import Deployment, RedisServer, Sandbox, wait_until

OWNER = {"accountType": "PUBLISHER", "accountId": 27332341}
TOKEN = {"provider": "pubmatic", "account": "acme"}
LOGIN = {"provider": "pubmatic", "account": "globex"}
KEYS = {"provider": "mintegral", "account": "acme"}
CONFIG = """
[pubmatic]
base_url = "URL/v1"
[pubmatic.accounts.acme]
access_token = { file = "SECRETS/token" }
[pubmatic.accounts.globex]
user_name = { file = "SECRETS/user" }
password = { file = "SECRETS/password" }
[mintegral]
base_url = "URL"
[mintegral.accounts.acme]
access_key = { file = "SECRETS/access" }
api_key = { file = "SECRETS/api" }
"""
OLD = {"token": "token-1", "user": "user@old", "password": "password-1", "access": "access-1", "api": "api-1"}
NEW = {"token": "token-2", "user": "user@new", "password": "password-2", "access": "access-2", "api": "api-2"}

Write = Callable[[Path, Mapping[str, str]], None]


def in_place(folder: Path, secrets: Mapping[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, value in secrets.items():
        (folder / name).write_text(value + "\n")


def by_rename(folder: Path, secrets: Mapping[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, value in secrets.items():
        (folder / f".{name}").write_text(value)
        (folder / f".{name}").rename(folder / name)


def as_kubernetes_does(folder: Path, secrets: Mapping[str, str]) -> None:
    """Links through one link to a folder, which is swapped."""
    edition = folder / f"..{secrets['token']}"
    edition.mkdir(parents=True)
    for name, value in secrets.items():
        (edition / name).write_text(value)
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    (folder / "..next").symlink_to(edition.name)
    (folder / "..next").rename(folder / "..data")


@pytest.fixture
def from_files(on_redis: Deployment, sandbox: Sandbox, tmp_path: Path) -> Path:
    """The folder of the secrets; the configuration names its files."""
    folder = tmp_path / "secrets"
    on_redis.config.write_text(CONFIG.replace("URL", sandbox.url).replace("SECRETS", str(folder)))
    return folder


def accept(sandbox: Sandbox, secrets: Mapping[str, str]) -> None:
    """The providers take these, and whatever was before them no more."""
    for body in (
        TOKEN | {"expire": True},
        LOGIN | {"expire": True},
        TOKEN | {"access_token": secrets["token"]},
        LOGIN | {"user_name": secrets["user"], "password": secrets["password"]},
        KEYS | {"access_key": secrets["access"], "api_key": secrets["api"]},
    ):
        httpx.post(f"{sandbox.url}/_sandbox/credentials", json=body, trust_env=False).raise_for_status()


def one_of_each(name: str) -> dict[str, dict[str, Any]]:
    create = example("pubmatic-create-simple")
    return {
        f"{name}-token": create | {"id": f"{name}-token"},
        f"{name}-login": create | {"id": f"{name}-login", "account": "globex"},
        f"{name}-keys": example("mintegral-create", account="acme") | {"id": f"{name}-keys"},
    }


@pytest.mark.parametrize("write", [in_place, by_rename, as_kubernetes_does])
def test_a_secret_is_rotated_without_a_restart(
    on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer, from_files: Path, write: Write
) -> None:
    write(from_files, OLD)
    accept(sandbox, OLD)
    worker = on_redis.wait_for_worker(on_redis.start_worker())
    assert ended(on_redis, redis_server, one_of_each("before")) == {"succeeded"}
    accept(sandbox, NEW)
    assert ended(on_redis, redis_server, one_of_each("between")) == {"auth"}, "the old ones open nothing any more"
    write(from_files, NEW)
    assert ended(on_redis, redis_server, one_of_each("after")) == {"succeeded"}
    assert worker.popen.poll() is None
    shown = worker.text() + json.dumps(_events(on_redis, redis_server))
    assert [each for each in (*OLD.values(), *NEW.values()) if each in shown] == []


def ended(deployment: Deployment, server: RedisServer, jobs: Mapping[str, Any]) -> set[str]:
    """How these jobs ended: as succeeded, or by their errors' categories."""
    with server.client() as client:
        client.lpush("audience.jobs", *(json.dumps(job) for job in jobs.values()))

    def those() -> list[dict[str, Any]]:
        return [event["data"] for event in _events(deployment, server) if event["subject"] in jobs]

    found = wait_until(lambda: len(those()) == len(jobs) and those(), what="an event of each job")
    return {"succeeded" if data["status"] == "succeeded" else data["error"]["category"] for data in found}


def _events(deployment: Deployment, server: RedisServer) -> list[dict[str, Any]]:
    with server.client() as client:
        return deployment.events(client)
