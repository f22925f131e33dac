"""What is logged, by the page on logs, and by a process?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "logs.md"
EVERY = {"event", "level", "timestamp"}


def documented() -> dict[str, set[str]]:
    """The keys of each event of docs/logs.md."""
    rows = re.findall(r"^\| `([a-z_.]+)` \| [^|]+ \|([^|]*)\|", PAGE.read_text(), re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", keys)) for name, keys in rows}


def lines(text: str) -> list[dict[str, Any]]:
    """The lines of a process that are JSON: Celery's banner is not."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
