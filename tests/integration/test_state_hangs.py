"""How long does a state store hold up who asks it, when it hangs? Seconds, however it is reached, and nothing else."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis
from command import COMMAND, Audience, as_json, example
from lane_acts import new_lanes
from real import Process, RedisServer, wait_until
from topologies import MASTER, ThreeNodes, Watched

from workers.broker import redis_client
from workers.cli.endings import OUT_OF_REACH
from workers.redis_address import client_at

ANSWER_S, CONNECT_S = 15.0, 5.0
COMMAND_S = 20.0
LEEWAY_S = 3.0  # a busy machine


def timed_out_after_s(act: Callable[[], object]) -> float:
    began = time.monotonic()
    with pytest.raises(redis.TimeoutError):
        act()
    return time.monotonic() - began


def test_a_call_of_a_server_that_hangs_waits_once(own_redis: RedisServer) -> None:
    with redis_client(own_redis.url) as client, redis_client(own_redis.url) as new, ThreadPoolExecutor() as threads:
        lanes = new_lanes(client)
        client.get("known")
        with own_redis.hung():
            acts = (lambda: client.get("known"), lambda: new.get("known"), lanes.configure)
            waits = list(threads.map(timed_out_after_s, acts))
        assert max(waits) < ANSWER_S + LEEWAY_S
        assert client.get("known") is None
        lanes.configure()


def test_a_value_that_a_server_which_hangs_does_not_take_is_given_up(own_redis: RedisServer) -> None:
    more_than_sockets_hold = bytes(50_000_000)
    with client_at(own_redis.url, prompt_s=4.0) as client:
        client.get("known")
        with own_redis.hung():
            assert 3.9 < timed_out_after_s(lambda: client.set("large", more_than_sockets_hold)) < 4.0 + LEEWAY_S
        assert client.get("large") is None


@pytest.mark.parametrize("seconds", [0.0, 1e-7, 0.3])
def test_a_time_out_ends_however_short_it_is(own_redis: RedisServer, seconds: float) -> None:
    with client_at(own_redis.url, prompt_s=5.0) as client:
        client.get("known")
        with own_redis.hung(), pytest.raises(redis.TimeoutError):
            client.connection_pool.get_connection().read_response(timeout=seconds)


def test_who_waits_for_ever_is_not_timed_out(own_redis: RedisServer) -> None:
    with client_at(own_redis.url, prompt_s=0.2) as client, client.pubsub() as heard:
        heard.subscribe("somewhere")
        with ThreadPoolExecutor() as threads:
            said = threads.submit(lambda: next(each for each in heard.listen() if each["type"] == "message"))
            with pytest.raises(TimeoutError):
                said.result(timeout=0.6)
            wait_until(lambda: client.publish("somewhere", "word"), what="the listener")
            assert said.result(timeout=10)["data"] == b"word"


@pytest.fixture
def swallowing_port() -> Iterator[int]:
    """Of a host behind a network that swallows packets: nothing ever answers a connection."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as door:
        port: int = door.getsockname()[1]
        waiting = []
        while True:  # until the queue of those that wait to be let in is full
            waiting.append(socket.socket())
            waiting[-1].settimeout(0.5)
            try:
                waiting[-1].connect(("127.0.0.1", port))
            except TimeoutError:
                break
        yield port
        for each in waiting:
            each.close()


def test_a_network_that_swallows_packets_is_waited_for_once(swallowing_port: int) -> None:
    with redis_client(f"redis://127.0.0.1:{swallowing_port}/0") as client:
        assert timed_out_after_s(lambda: client.get("any")) < CONNECT_S + LEEWAY_S


def test_a_late_answer_of_a_master_is_nobody_elses() -> None:
    watched = Watched()
    try:
        with redis_client(f"{watched.url}#{MASTER}") as client:
            client.mset({"one": 1, "two": 2})
            with watched.master.client() as other:
                other.client_pause(round((ANSWER_S + 1) * 1000), all=False)  # of writes: the Sentinel sees it alive
            assert timed_out_after_s(lambda: client.incr("one")) < ANSWER_S + LEEWAY_S
            assert client.incr("two") == 3
    finally:
        watched.close()


def test_a_node_of_a_cluster_that_hangs_is_waited_for_once() -> None:
    cluster = ThreeNodes()
    try:
        with redis_client(cluster.url) as client:
            keys = {client.get_node_from_key(key).port: key for key in "abcdefghijkl"}  # type: ignore[attr-defined]
            first, second, _ = cluster.nodes
            with second.hung():
                assert timed_out_after_s(lambda: client.get(keys[second.port])) < ANSWER_S + LEEWAY_S
                assert client.get(keys[first.port]) is None
            assert client.get(keys[second.port]) is None
    finally:
        cluster.close()


COMMANDS = (
    "setup", "doctor", "lanes pause pubmatic acme", "jobs cancel pubmatic acme a", "dead replay --category auth",
    "results --follow", "submit -", "worker", "flower",
)  # fmt: skip


def test_every_command_tells_of_a_state_store_that_hangs(own_redis: RedisServer) -> None:
    audience = Audience(AUDIENCE_BROKER_URL=own_redis.url)
    job = as_json(example("mintegral-create"))
    with own_redis.hung(), ThreadPoolExecutor(2) as threads:
        for done in threads.map(lambda each: audience(*each.split(), stdin=job, timeout_s=COMMAND_S), COMMANDS):
            assert "is out of reach (Timeout" in done.out + done.failed_with(OUT_OF_REACH)


def test_a_command_in_the_middle_of_its_work_tells_of_it_too(own_redis: RedisServer, tmp_path: Path) -> None:
    env = {"AUDIENCE_BROKER_URL": own_redis.url}
    follower = Process([*COMMAND, "results", "--follow"], tmp_path / "follower.log", env)
    try:
        with own_redis.client() as client:
            wait_until(lambda: client.info("clients")["blocked_clients"], what="a follower that waits")
        with own_redis.hung():
            assert follower.popen.wait(COMMAND_S) == OUT_OF_REACH
        (sentence,) = follower.text().splitlines()
        assert "is out of reach (Timeout" in sentence
    finally:
        follower.kill()
