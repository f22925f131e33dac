"""Who takes a job? A worker with a free thread, at once, however many others have none."""

from __future__ import annotations

import time

from real import Deployment, RedisServer, Sandbox, wait_until
from test_execution import create, events, requests, submit

SOON_S = 2.0  # far less than a sleeping dispatcher's five seconds


def test_a_worker_takes_what_it_has_free_threads_for_and_leaves_the_rest_to_others(
    on_redis: Deployment, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    sandbox.fault(action="hang", provider="mintegral", method="POST", times=1)
    on_redis.wait_for_worker(on_redis.start_worker(AUDIENCE_CONCURRENCY="1"))
    submit(on_redis, create("hangs"))
    wait_until(lambda: requests(sandbox), what="the request that gets no answer")
    submit(on_redis, create("waits"))
    with redis_server.client() as client:
        lane = "audience:{mintegral}:lane:acme"
        wait_until(lambda: client.hget(lane, "waiting") == b"1", what="a job that waits in its lane")
        assert client.hget(lane, "in_flight") == b"1"
    on_redis.wait_for_worker(on_redis.start_worker(AUDIENCE_CONCURRENCY="2", AUDIENCE_INTAKE="false"))
    events(on_redis, redis_server, 1)
    for number in range(5):  # the busy worker takes them in, and the free one executes them
        began = time.monotonic()
        submit(on_redis, create(f"job-{number}"))
        events(on_redis, redis_server, number + 2)
        assert time.monotonic() - began < SOON_S
