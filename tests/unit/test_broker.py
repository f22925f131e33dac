"""Which transport does a connection to the broker use? Ours for every Redis, in whatever process, from the first on."""

from __future__ import annotations

import subprocess
import sys

import pytest

ASK = "import sys; from workers.broker import connect; print(connect(sys.argv[1]).get_transport_cls().__module__)"


@pytest.mark.parametrize(
    "url", ["redis://h", "rediss://h", "redis+socket:///tmp/s", "sentinel://h:26379#m", "amqp://h"]
)
def test_a_redis_is_spoken_with_by_our_own_transport(url: str) -> None:
    done = subprocess.run([sys.executable, "-c", ASK, url], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ("kombu.transport.pyamqp" if url.startswith("amqp") else "workers.redis_transport")
