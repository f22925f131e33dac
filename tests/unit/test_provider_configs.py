"""Which provider tables are taken, and what is said to those that are not?"""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.config import ProviderConfig, read_config
from workers.providers.mintegral.config import MintegralConfig
from workers.providers.pubmatic.config import PubmaticConfig
from workers.settings import SettingsError

MODELS: dict[str, type[ProviderConfig]] = {"pubmatic": PubmaticConfig, "mintegral": MintegralConfig}
TOKEN = 'access_token = { env = "T" }'
USER, PASSWORD = 'user_name = { env = "U" }', 'password = { file = "/run/secrets/p" }'
ONE_WAY_IN = "pubmatic.accounts.a: give either access_token, or user_name and password"


def test_the_addresses_are_the_documented_ones() -> None:
    assert PubmaticConfig().base_url == "https://api.pubmatic.com/v1"
    assert MintegralConfig().base_url == "https://ss-api.mintegral.com"


def test_the_token_goes_into_pub_token_unless_the_table_says_bearer(tmp_path: Path) -> None:
    accounts = f"[pubmatic.accounts.a]\n{TOKEN}\n[pubmatic.accounts.b]\n{TOKEN}\n"
    assert headers_of(tmp_path, accounts) == ["pubToken", "pubToken"]
    assert headers_of(tmp_path, f'[pubmatic]\nauth_header = "bearer"\n{accounts}') == ["bearer", "bearer"]
    own = f'[pubmatic]\nauth_header = "bearer"\n{accounts}auth_header = "pubToken"\n'
    assert headers_of(tmp_path, own) == ["bearer", "pubToken"]


@pytest.mark.parametrize("way_in", [TOKEN, f"{USER}\n{PASSWORD}"])
def test_a_pubmatic_account_has_a_token_or_logs_in(tmp_path: Path, way_in: str) -> None:
    assert read(tmp_path, f"[pubmatic.accounts.a]\n{way_in}")["pubmatic"].accounts.keys() == {"a"}


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("[pubmatic.accounts.a]", ONE_WAY_IN),
        (f"[pubmatic.accounts.a]\n{USER}", ONE_WAY_IN),
        (f"[pubmatic.accounts.a]\n{PASSWORD}", ONE_WAY_IN),
        (f"[pubmatic.accounts.a]\n{TOKEN}\n{USER}\n{PASSWORD}", ONE_WAY_IN),
        (f'[pubmatic.accounts.a]\n{USER}\npassword = "plain"', "a secret is never written here"),
        (
            f'[pubmatic]\nauth_header = "x"\n[pubmatic.accounts.a]\n{TOKEN}',
            "pubmatic.auth_header: Input should be",
        ),
        ("[pubmatic]\naccounts = 1", "pubmatic.accounts: Input should be a valid dictionary"),
        ("[pubmatic]\naccounts = { a = 1 }", "pubmatic.accounts.a: Input should be a valid dictionary"),
        (
            f'[pubmatic.accounts.a]\n{TOKEN}\ntoken = "x"',
            "pubmatic.accounts.a.token: Extra inputs are not permitted",
        ),
        ('[pubmatic.accounts.a]\naccess_token = "plain"', "a secret is never written here"),
        (f'[pubmatic.accounts.a]\n{TOKEN}\nproducers = {{ crm = "plain" }}', "producers.crm: a secret is never"),
        (f"[pubmatic.accounts.a]\n{TOKEN}\nproducers = {{ crm = {{ }} }}", "producers.crm: a secret needs exactly one"),
        (
            f'[pubmatic.accounts.a]\n{TOKEN}\nproducers = {{ "c r m" = {{ env = "K" }} }}',
            "pubmatic.accounts.a: a producer's name is",
        ),
        (f"[pubmatic.accounts.a]\n{TOKEN}\nproducers = {{}}", "pubmatic.accounts.a: producers: none is named"),
        (
            f'[pubmatic.accounts.a]\n{TOKEN}\nproducers = ["crm"]',
            "pubmatic.accounts.a.producers: Input should be a valid dictionary",
        ),
        (
            '[mintegral.accounts.a]\naccess_key = { env = "K" }',
            "mintegral.accounts.a.api_key: Field required",
        ),
        ('[mintegral]\nauth_header = "bearer"', "mintegral.auth_header: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_table_is_refused_by_its_place(tmp_path: Path, toml: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, toml)
    assert sentence in str(refused.value)
    assert "plain" not in str(refused.value)


def headers_of(tmp_path: Path, toml: str) -> list[str]:
    config = read(tmp_path, toml)["pubmatic"]
    assert isinstance(config, PubmaticConfig)
    return [account.auth_header for account in config.accounts.values()]


def read(tmp_path: Path, toml: str) -> dict[str, ProviderConfig]:
    (tmp_path / "audience.toml").write_text(toml)
    return read_config(tmp_path / "audience.toml", MODELS)
