"""Which configuration lets the service use the sandbox? Its accounts, with credentials in the environment."""

from __future__ import annotations

from pathlib import Path

from sandbox.credentials import MINTEGRAL_KEYS, PUBMATIC_TOKENS

ACCOUNTS = ("acme", "globex", "initech")


def write_config(path: Path, url: str, look_after_s: float = 2.0) -> None:
    """An ``audience.toml`` for the sandbox at this URL."""
    lines = [
        "# Written by the command audience: the sandbox and its demo accounts.",
        "[pubmatic]",
        f'base_url = "{url}/v1"',
        f"retry = {{ look_after_s = {look_after_s} }}",
        "",
        "[mintegral]",
        f'base_url = "{url}"',
    ]
    for account in ACCOUNTS:
        lines += [
            "",
            f"[pubmatic.accounts.{account}]",
            f'access_token = {{ env = "{_variable("PUBMATIC", account, "TOKEN")}" }}',
            'limits = ["20/s"]',
            "",
            f"[mintegral.accounts.{account}]",
            f'access_key = {{ env = "{_variable("MINTEGRAL", account, "ACCESS_KEY")}" }}',
            f'api_key = {{ env = "{_variable("MINTEGRAL", account, "API_KEY")}" }}',
            'limits = ["10/s"]',
        ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def credentials() -> dict[str, str]:
    """The environment variables that the configuration names. They open nothing but a sandbox."""
    found = {}
    for account in ACCOUNTS:
        keys = MINTEGRAL_KEYS[account]
        found[_variable("PUBMATIC", account, "TOKEN")] = PUBMATIC_TOKENS[account]
        found[_variable("MINTEGRAL", account, "ACCESS_KEY")] = keys.access_key
        found[_variable("MINTEGRAL", account, "API_KEY")] = keys.api_key
    return found


def _variable(provider: str, account: str, what: str) -> str:
    return f"SANDBOX_{provider}_{account.upper()}_{what}"
