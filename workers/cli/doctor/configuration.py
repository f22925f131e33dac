"""Are there accounts, and has each its credentials? The file of AUDIENCE_CONFIG, and the places that it names."""

from __future__ import annotations

from collections.abc import Iterator

from workers.cli.doctor.finding import Finding
from workers.config import Secret, read_config
from workers.settings import Settings, SettingsError


def check(settings: Settings) -> Iterator[Finding]:
    from workers.providers.provider import installed

    models = {name: provider.config_model for name, provider in installed().items()}
    try:
        configs = read_config(settings.config, models)
    except SettingsError as error:
        yield Finding("configuration", str(error), "Correct the file, or the path in AUDIENCE_CONFIG.")
        return
    accounts = sum(len(config.accounts) for config in configs.values())
    if settings.config is None:
        yield Finding("configuration", "AUDIENCE_CONFIG is not set, so no account exists", _NAME_A_FILE)
    elif not accounts:
        yield Finding("configuration", f"{settings.config} names no account", _NAME_A_FILE)
    else:
        yield Finding("configuration", f"{settings.config} names {accounts} accounts")
    for name, secret in secrets(settings):
        try:
            secret.read()
        except SettingsError as error:
            yield Finding("credentials", f"{name}: {error}", f"Put the secret into {secret.place}.")
        else:
            yield Finding("credentials", f"{name} is in {secret.place}")


_NAME_A_FILE = "Set AUDIENCE_CONFIG to a TOML file with accounts; `audience up` shows one for the sandbox."


def secrets(settings: Settings) -> list[tuple[str, Secret]]:
    """Every secret of the configuration, by provider.account.field; none where the file cannot be used."""
    from workers.providers.provider import installed

    try:
        configs = read_config(settings.config, {name: provider.config_model for name, provider in installed().items()})
    except SettingsError:
        return []
    return [
        (f"{provider}.{account}.{field}", secret)
        for provider, config in configs.items()
        for account, its in config.accounts.items()
        for field, secret in its.secrets()
    ]
