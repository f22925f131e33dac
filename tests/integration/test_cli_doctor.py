"""What do `audience doctor` and `audience settings` find? Every setting and connection, and never a secret."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import Audience
from real import RedisServer, free_port

from workers.settings import Settings

CONFIG = """
[pubmatic.accounts.acme]
access_token = { env = "AUDIENCE_TEST_CANARY" }
[mintegral.accounts.acme]
access_key = { file = "FILE" }
api_key = { env = "MISSING_KEY" }
[mintegral.accounts.acme.producers]
crm = { env = "SIGNING_KEY" }
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "key").write_text("canary-in-a-file")
    path = tmp_path / "audience.toml"
    path.write_text(CONFIG.replace("FILE", str(tmp_path / "key")))
    return path


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder near the root: the path of a Unix socket is short."""
    with tempfile.TemporaryDirectory(prefix="a", dir="/tmp") as folder:
        yield Path(folder)


def findings(done: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for line in done.lines:
        assert set(line) == {"check", "ok", "found", "do"}
        assert line["ok"] == (line["do"] is None)
        found.setdefault(line["check"], []).append(line)
    return found


def test_the_embedded_default_is_in_order_once_an_account_has_its_credentials(config: Path, data_dir: Path) -> None:
    env = {"AUDIENCE_TEST_CANARY": "canary-in-a-variable", "MISSING_KEY": "x", "SIGNING_KEY": "canary-" * 5}
    audience = Audience(AUDIENCE_DATA_DIR=str(data_dir), AUDIENCE_CONFIG=str(config), **env)
    done = audience("doctor", "--json").succeeded()
    assert all(line["ok"] for line in done.lines)
    assert "appendfsync everysec" in findings(done)["append-only file"][0]["found"]
    assert done.err.count("\n") == 0
    assert "canary" not in done.out.replace("AUDIENCE_TEST_CANARY", "")
    assert "Everything is in order." in audience("doctor").succeeded().out


def test_each_problem_is_named_with_what_to_do(config: Path, redis_server: RedisServer) -> None:
    audience = Audience(
        AUDIENCE_BROKER_URL=redis_server.url,
        AUDIENCE_CONFIG=str(config),
        AUDIENCE_TEST_CANARY="canary-in-a-variable",
        AUDIENCE_CONCURENCY="3",
        SIGNING_KEY="canary",
    )
    with redis_server.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            done = audience("doctor", "--json")
        finally:
            client.config_set("maxmemory-policy", "noeviction")
    assert done.code == 1
    found = findings(done)
    assert "AUDIENCE_CONCURRENCY" in found["environment"][0]["do"]
    assert len(found["environment"]) == 1
    assert found["memory"][0]["do"] == "Set maxmemory-policy noeviction."
    missing, short = [line for line in found["credentials"] if not line["ok"]]
    assert missing["found"].startswith("mintegral.acme.api_key")
    assert "MISSING_KEY" in missing["do"]
    assert short["found"].startswith("mintegral.acme.producers.crm: the environment variable SIGNING_KEY holds no sig")
    assert "32 bytes" in short["found"]
    assert all(found[check][0]["ok"] for check in ("settings", "broker", "state store", "version", "clock"))
    assert "canary" not in done.out.replace("AUDIENCE_TEST_CANARY", "")


def test_what_is_out_of_reach_is_one_problem_of_several(config: Path) -> None:
    audience = Audience(
        AUDIENCE_BROKER_URL=f"redis://user:pass-word@127.0.0.1:{free_port()}/0", AUDIENCE_CONFIG=str(config)
    )
    done = audience("doctor", "--json")
    assert done.code == 3
    found = findings(done)
    assert not found["broker"][0]["ok"]
    assert not found["state store"][0]["ok"]
    assert "pass-word" not in done.out


@pytest.mark.parametrize(
    ("env", "check", "code"),
    [
        ({"AUDIENCE_LEASE_S": "soon"}, "settings", 2),
        ({"AUDIENCE_CONFIG": "/nowhere.toml"}, "configuration", 1),
        ({"AUDIENCE_BROKER_URL": "amqp://127.0.0.1"}, "servers", 2),
    ],
)
def test_settings_that_cannot_be_used_are_a_problem(env: dict[str, str], check: str, code: int, data_dir: Path) -> None:
    done = Audience(**{"AUDIENCE_DATA_DIR": str(data_dir), **env})("doctor", "--json")
    assert done.code == code
    assert not findings(done)[check][0]["ok"]


def test_settings_lists_every_variable_and_masks_credentials() -> None:
    url = "sentinel://:pass-word@one:26379;sentinel://:pass-word@two:26379"
    done = Audience(AUDIENCE_BROKER_URL=url, AUDIENCE_LEASE_S="7")("settings", "--json").succeeded()
    lines = {line["name"]: line for line in done.lines}
    assert set(lines) == {f"AUDIENCE_{name.upper()}" for name in Settings.model_fields}
    assert all(line["reason"] for line in lines.values())
    assert lines["AUDIENCE_BROKER_URL"]["value"] == "sentinel://***@one:26379;sentinel://***@two:26379"
    lease = lines["AUDIENCE_LEASE_S"]
    assert (lease["value"], lease["default"], lease["set"], lease["unit"]) == (7.0, 10.0, True, "seconds")
    assert lines["AUDIENCE_MAX_ANSWER_BYTES"]["unit"] == "bytes"
    assert "pass-word" not in Audience(AUDIENCE_BROKER_URL=url)("settings").succeeded().out


def test_a_setting_that_cannot_be_read_is_wrong_usage() -> None:
    for command in ("settings", "lanes", "worker", "setup"):
        assert "AUDIENCE_LEASE_S" in Audience(AUDIENCE_LEASE_S="soon")(command).failed_with(2)
