"""How are the lanes listed on the command line?"""

from __future__ import annotations

from workers.cli.connection import connected
from workers.cli.output import note, say_json, say_table

COLUMNS = (
    "provider",
    "account",
    "waiting",
    "in_flight",
    "limits",
    "rate_share",
    "paused_until",
    "breaker",
    "oldest_waiting_s",
)


def list_(*, as_json: bool) -> None:
    """One line a lane."""
    from workers.monitoring.lanes import listed

    lines = listed(connected())
    if as_json:
        for line in lines:
            say_json(line)
        return
    if lines:
        say_table(COLUMNS, ([_cell(line[name]) for name in COLUMNS] for line in lines))
    else:
        note("There is no account: name some in the file that AUDIENCE_CONFIG names.")


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith("9999-"):  # a pause without an end
        return "resumed by hand"
    return ", ".join(value) if isinstance(value, list) else value
