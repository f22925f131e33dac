"""Does the worker beside this command live, and does it get work done? By the file that it writes: for probes."""

from __future__ import annotations

import time
from collections.abc import Iterator

from workers.cli.doctor.finding import Finding
from workers.monitoring import signs
from workers.settings import Settings, SettingsError


def check(settings: Settings, *, ready: bool) -> Iterator[Finding]:
    """One finding for each thing that is wrong. Raises ``SettingsError`` without AUDIENCE_HEALTH_FILE."""
    path = settings.health_file
    if path is None:
        raise SettingsError(
            "AUDIENCE_HEALTH_FILE is not set: --live and --ready tell of the worker that writes it, "
            "so set it to the same path for both"
        )
    found, now = signs.read(path), time.monotonic()
    if found is None:
        yield Finding(
            "worker", f"no worker has written {path}", "Wait until it has started; its log says what it is at."
        )
        return
    wrong = list(signs.against_life(found, now))
    for each in wrong:
        yield Finding("worker", each, "End it and start it again; what it held returns to the lanes.")
    if not wrong:
        yield from _work(found, now) if ready else [Finding("worker", "it lives")]


def _work(found: signs.Signs, now: float) -> Iterator[Finding]:
    unready = list(signs.against_work(found, now))
    for each in unready:
        yield Finding("worker", each, "`audience doctor` looks at the servers; the worker goes on by itself.")
    if not unready:
        yield Finding("worker", "it is ready")
