"""Is a variable set that means nothing? A misspelt setting is a setting that silently does not hold."""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import get_close_matches

from workers.cli.doctor.configuration import secrets
from workers.cli.doctor.finding import Finding
from workers.settings import Settings

PREFIX = "AUDIENCE_"


def check(settings: Settings) -> Iterator[Finding]:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    named_by_the_file = {secret.env for _, secret in secrets(settings)}
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known | named_by_the_file)
    for name in unknown:
        close = get_close_matches(name, known, n=1)
        hint = f"Did you mean {close[0]}?" if close else "`audience settings` lists those there are."
        yield Finding("environment", f"{name} is set, and no setting of that name exists", f"{hint} Or unset it.")
    if not unknown:
        yield Finding("environment", "no unknown AUDIENCE_ variable is set")
