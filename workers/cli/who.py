"""Who gives an order? The name that the audit keeps."""

from __future__ import annotations

import getpass
import socket


def who() -> str:
    """The user of this process, and where it runs. A container may know no name."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
