"""Is what docs/running.md says of URLs true? Each form in its table is taken where it says so, and its test exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workers import broker
from workers.settings import SettingsError

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "running.md").read_text()
ROWS = re.findall(r"^\| `(\S+://\S+)` \| ([^|]+) \| (yes|no) \| [^|]+ \| `(\S+)` \|$", PAGE, re.MULTILINE)


def test_the_table_is_read_whole() -> None:
    assert len(ROWS) == 8


@pytest.mark.parametrize(("url", "is_broker", "is_state", "test"), ROWS)
def test_each_url_is_taken_for_what_it_is(url: str, is_broker: str, is_state: str, test: str) -> None:
    assert taken(broker.transport_options, url) == (is_broker == "yes")
    if "+cluster" not in url:  # that client connects at once, and has its own test
        assert taken(broker.redis_client, url) == (is_state == "yes")
    assert (ROOT / "tests" / test).exists()


def taken(by: object, url: str) -> bool:
    assert callable(by)
    try:
        by(url)
    except SettingsError:
        return False
    return True
