"""Are settings refused, read and shown as they say?"""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.bootstrap import Endpoints, locate
from workers.cli.settings import listed
from workers.config import ProviderConfig, read_config
from workers.settings import Settings, SettingsError, read_settings

MODELS = {"pubmatic": ProviderConfig}


def config(folder: Path, account: str) -> Path:
    path = folder / "audience.toml"
    path.write_text(f'[pubmatic]\nbase_url = "http://provider"\n[pubmatic.accounts."{account}"]\n')
    return path


@pytest.mark.parametrize("account", ["*", "a/b", "a b", "", "größe", "x" * 129])
def test_an_account_that_no_job_could_name_is_refused(tmp_path: Path, account: str) -> None:
    with pytest.raises(SettingsError, match="account's name"):
        read_config(config(tmp_path, account), MODELS)


def test_an_account_is_named_as_jobs_name_it(tmp_path: Path) -> None:
    assert list(read_config(config(tmp_path, "Acme-1.eu_x"), MODELS)["pubmatic"].accounts) == ["Acme-1.eu_x"]


def test_a_redis_for_the_state_alone_is_the_broker_too() -> None:
    url = "unix:///run/redis.sock"
    found = locate(Settings(broker_url=None, redis_url=url))
    assert found == Endpoints("redis+socket:///run/redis.sock", url)


def test_a_file_stands_in_for_a_variable_that_is_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "audience_broker_url").write_text("redis://:from-a-file@redis/0\n")
    (tmp_path / "audience_redis_url").write_text("redis://:from-a-file@redis/1\n")
    (tmp_path / "pubmatic_acme_token").write_text("no setting")
    monkeypatch.setenv("AUDIENCE_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("AUDIENCE_REDIS_URL", "redis://redis/2")
    found = read_settings()
    assert (found.broker_url, found.redis_url) == ("redis://:from-a-file@redis/0", "redis://redis/2")
    shown = {line["name"]: line for line in listed(found)}
    assert shown["AUDIENCE_BROKER_URL"]["set"]
    assert not shown["AUDIENCE_LEASE_S"]["set"]
    assert "from-a-file" not in repr(shown)


def test_a_folder_of_settings_that_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIENCE_SECRETS_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(SettingsError, match="nowhere is no folder"):
        read_settings()
    (tmp_path / "audience_broker_url").write_bytes(b"redis://\xff")
    monkeypatch.setenv("AUDIENCE_SECRETS_DIR", str(tmp_path))
    with pytest.raises(SettingsError, match="a file there cannot be read"):
        read_settings()
