"""Which transport does a connection to the broker use? Ours for every Redis, in whatever process, from the first on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from kombu import Connection

from audience_client.connection import connect as client_connect
from workers import broker

ASK = "import sys; from workers.broker import connect; print(connect(sys.argv[1]).get_transport_cls().__module__)"


@pytest.mark.parametrize(
    "url", ["redis://h", "rediss://h", "redis+socket:///tmp/s", "sentinel://h:26379#m", "amqp://h"]
)
def test_a_redis_is_spoken_with_by_our_own_transport(url: str) -> None:
    done = subprocess.run([sys.executable, "-c", ASK, url], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ("kombu.transport.pyamqp" if url.startswith("amqp") else "workers.redis_transport")


@pytest.mark.parametrize("connecting", [broker.connect, client_connect])
def test_the_nodes_of_a_rabbitmq_are_tried_in_any_order(connecting: Callable[[str], Connection]) -> None:
    names = [f"rabbit-{number}" for number in range(3)]
    url = ";".join(f"amqps://{name}//" for name in names)
    made = [connecting(url) for _ in range(100)]
    assert {each.hostname for each in made} == set(names)
    assert all(each.ssl["server_hostname"] == each.hostname for each in made)
    assert all(len(set(each.alt)) == len(names) for each in made)


def test_sentinels_keep_their_order() -> None:
    url = "sentinel://one:26379;sentinel://two:26379#mymaster"
    assert {broker.in_any_order(url) for _ in range(20)} == {url}
