"""What do all contract tests share? One server of recorded answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from recorded_server import RecordedServer


@pytest.fixture(scope="session")
def recorded() -> Iterator[RecordedServer]:
    with RecordedServer() as server:
        yield server
