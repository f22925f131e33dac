"""The command ``audience``. What one does stands under its name; ``commands.py`` lists all, the rest is shared."""

from __future__ import annotations

import sys


def main() -> None:
    """Run one command, and end with its exit code: 0 done, 1 failed, 2 wrong usage, 3 out of reach."""
    from workers.cli.commands import app
    from workers.cli.endings import ending_of

    try:
        app(prog_name="audience")
    except Exception as error:
        ending = ending_of(error)
        if ending is None:
            raise  # a bug: let it be seen
        print(ending.sentence, file=sys.stderr)  # noqa: T201 - a command speaks on standard error
        sys.exit(ending.code)
